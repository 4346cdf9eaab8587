// A runner in the hands of somebody else: it speaks the protocol until its first run, and then does what it was told to.
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

const [deed] = process.argv.slice(2);
const socket = new Socket({ fd: 3, readable: true, writable: true });
const frame = (kind, { run = 0, ref = 0, code = 0, amount = 0, head = '', body = '' } = {}) => {
  const headBytes = Buffer.from(head);
  const bodyBytes = Buffer.from(body);
  const bytes = Buffer.alloc(24 + headBytes.length + bodyBytes.length);
  bytes.writeUInt32LE(bytes.length - 4, 0);
  bytes[4] = kind;
  bytes[5] = code;
  bytes.writeUInt32LE(run, 8);
  bytes.writeUInt32LE(ref, 12);
  bytes.writeUInt32LE(amount, 16);
  bytes.writeUInt32LE(headBytes.length, 20);
  headBytes.copy(bytes, 24);
  bodyBytes.copy(bytes, 24 + headBytes.length);
  return bytes;
};
const ok = { head: '+{"status":200,"headers":[]}', body: '"forged"' };
const begun = { head: '{"status":200,"headers":[]}' };
/** Bytes of `protocol/mark.ts`. */
const mark = (run, isolate) => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(run, 0);
  bytes.writeUInt32LE(isolate, 4);
  writeSync(4, bytes, 0, 16, 0);
};
/** As long as somebody reads: whoever started this may be gone. */
const flood = (stream, bytes) => {
  const writeAgain = (error) => error ?? stream.write(bytes, writeAgain);
  writeAgain();
};
const floodWith = (bytes) => flood(socket, Buffer.concat(Array.from({ length: 1_000 }, () => bytes)));
/** When a host call has been answered. */
let onResult = () => {};
/** When a piece of an answer has been taken. */
let onMore = () => {};
const DEEDS = {
  'a mark that blames an isolate for the run of another': (run) => {
    mark(run, 2);
    process.abort();
  },
  'a mark of its own': (run) => {
    mark(run, 1);
    process.abort();
  },
  garbage: () => socket.write(Buffer.alloc(1_000, 0x7b)),
  'half a frame': (run) => socket.end(frame(67, { run, ...ok }).subarray(0, 30)),
  'a gigabyte': () => {
    const header = frame(67);
    header.writeUInt32LE(2 ** 30, 0);
    socket.write(header);
    flood(socket, Buffer.alloc(1 << 20));
  },
  'a foreign run': (run) => socket.write(frame(67, { run: run + 1_000, ...ok })),
  'an answer twice': (run) =>
    socket.write(Buffer.concat([frame(67, { run, ...ok }), frame(67, { run, ...ok })])),
  'a host call of a foreign run': (run) =>
    socket.write(frame(68, { run: run + 1_000, head: 'kv.get', body: '{}' })),
  'host calls without end': (run) => {
    const call = frame(68, { run, ref: 1, head: 'kv.get', body: '{"key":"a"}' });
    onResult = () => socket.write(call);
    onResult();
  },
  'an unknown kind': () => socket.write(frame(200)),
  'an unknown outcome': (run) => socket.write(frame(67, { run, code: 99, head: '{}' })),
  'an answer that is not JSON': (run) => socket.write(frame(67, { run, head: '+{' })),
  'an answer that is no object': (run) => socket.write(frame(67, { run, head: '+5' })),
  'a status that is no number': (run) =>
    socket.write(frame(67, { run, head: '+{"status":"200","headers":[]}' })),
  'a status that is none of HTTP': (run) =>
    socket.write(frame(67, { run, head: '+{"status":1000,"headers":[]}' })),
  'a header of three parts': (run) =>
    socket.write(frame(67, { run, head: '+{"status":200,"headers":[["a","b","c"]]}' })),
  'headers without end': (run) =>
    socket.write(
      frame(67, {
        run,
        head: `+${JSON.stringify({ status: 200, headers: Array.from({ length: 201 }, () => ['a', 'b']) })}`,
      }),
    ),
  'headers that are too long': (run) =>
    socket.write(frame(67, { run, head: `+{"status":200,"headers":[["a","${'b'.repeat(33_000)}"]]}` })),
  'a heartbeat that was not sent': () => socket.write(frame(70, { ref: 1_000 })),
  'a header with a line break': (run) =>
    socket.write(frame(67, { run, head: '+{"status":200,"headers":[["x","a\\r\\nset-cookie: b"]]}' })),
  // A minute: much, also where it lasts for some seconds until it is heard.
  'an end after much work': (run) => socket.end(frame(67, { run, code: 9, amount: 60_000_000, head: '{}' })),
  'a load that fails after much work': () =>
    socket.end(frame(66, { ref: 1, code: 1, amount: 200_000, head: '{}' })),
  'an answer that is too large': (run) =>
    socket.write(frame(67, { run, ...ok, body: 'x'.repeat(2_000_000) })),
  'a piece of an answer that has not begun': (run) => socket.write(frame(74, { run, body: 'forged' })),
  'a piece for a foreign run': (run) => socket.write(frame(74, { run: run + 1_000, body: 'forged' })),
  'the beginning of a foreign answer': (run) => socket.write(frame(73, { run: run + 1_000, ...begun })),
  'an answer that begins twice': (run) =>
    socket.write(Buffer.concat([frame(73, { run, ...begun }), frame(73, { run, ...begun })])),
  'more pieces than were asked for': (run) => {
    socket.write(frame(73, { run, ...begun }));
    for (let piece = 0; piece < 10; piece++) socket.write(frame(74, { run, body: 'x' }));
  },
  'an empty piece': (run) => socket.write(Buffer.concat([frame(73, { run, ...begun }), frame(74, { run })])),
  'a piece that is too large': (run) =>
    socket.write(
      Buffer.concat([frame(73, { run, ...begun }), frame(74, { run, body: 'x'.repeat(100_000) })]),
    ),
  'a piece after the end': (run) =>
    socket.write(
      Buffer.concat([frame(73, { run, ...begun }), frame(67, { run }), frame(74, { run, body: 'x' })]),
    ),
  'an end with a body': (run) =>
    socket.write(Buffer.concat([frame(73, { run, ...begun }), frame(67, { run, head: '+{}', body: 'x' })])),
  'a stream for a status without a body': (run) =>
    socket.write(frame(73, { run, head: '{"status":204,"headers":[]}' })),
  'a wish for a request that has no body': (run) => socket.write(frame(75, { run })),
  'a wish for an answer that has no body': (run) => socket.write(frame(75, { run, ref: 1 })),
  'two wishes at once for a piece of an answer': (run) => {
    onResult = () => socket.write(Buffer.concat([1, 2].map(() => frame(75, { run, ref: 1 }))));
    socket.write(frame(68, { run, ref: 1, head: 'body.give', body: '{}' }));
  },
  'two wishes at once for a piece of the request': (run) =>
    socket.write(Buffer.concat([frame(75, { run }), frame(75, { run })])),
  'pieces without end': (run) => {
    const piece = frame(74, { run, body: Buffer.alloc(65_536) });
    onMore = () => socket.write(piece);
    socket.write(Buffer.concat([frame(73, { run, ...begun }), piece]));
  },
  'a stream whose head has a line break': (run) =>
    socket.write(frame(73, { run, head: '{"status":200,"headers":[["x","a\\r\\nset-cookie: b"]]}' })),
  'a line of one isolate for the run of another': (run) =>
    socket.write(frame(69, { run, ref: 2, body: 'x' })),
  'a line that is too long': (run) => socket.write(frame(69, { run, ref: 1, body: 'x'.repeat(10_000) })),
  'a line of a foreign run': (run) => socket.write(frame(69, { run: run + 1_000, ref: 1, body: 'x' })),
  'a line of an unknown level': (run) => socket.write(frame(69, { run, ref: 1, code: 9, body: 'x' })),
  'lines of an unknown isolate without end': () => floodWith(frame(69, { ref: 1_000, body: 'x' })),
  'ends of unknown isolates without end': () => floodWith(frame(71, { ref: 1_000 })),
  'loads without end': () => floodWith(frame(65, { ref: 1 })),
  'drops without end': (run) => floodWith(frame(76, { run, ref: 1 })),
  'one frame of each kind of a run that was answered, and its end': (run) => {
    const call = frame(68, { run, ref: 1, head: 'kv.get', body: '{"key":"a"}' });
    const line = frame(69, { run, ref: 1, body: 'x' });
    const answer = [frame(73, { run, ...begun }), frame(74, { run, body: 'x' })];
    const wishes = [frame(75, { run }), frame(75, { run, ref: 1 }), frame(76, { run, ref: 1 })];
    socket.end(Buffer.concat([call, line, ...answer, ...wishes, frame(67, { run, code: 9, head: '{}' })]));
  },
  'a start that failed': (run) => socket.end(frame(72, { run })),
  'pieces without end of a run that was answered': (run) => floodWith(frame(74, { run, body: 'x' })),
  'last words without end': () => flood(process.stderr, Buffer.alloc(1 << 16, 0x78)),
  'that it is ready, again': () => socket.write(frame(64, { head: '{"missing":[]}' })),
  'a heartbeat that was answered': () => socket.write(frame(70, { ref: 0 })),
  'a start that failed after a host call': (run) =>
    socket.write(
      Buffer.concat([frame(68, { run, ref: 1, head: 'kv.get', body: '{"key":"a"}' }), frame(72, { run })]),
    ),
  'more host calls than may wait': (run) => {
    const calls = Array.from({ length: 11 }, (_, ref) =>
      frame(68, { run, ref, head: 'kv.get', body: '{"key":"a"}' }),
    );
    socket.write(Buffer.concat(calls));
  },
  'nothing, and reads nothing': () => socket.pause(),
  'logs without end': (run) => {
    for (let line = 0; line < 5_000; line++) socket.write(frame(69, { run, ref: 1, body: 'x'.repeat(100) }));
  },
};

let held = Buffer.alloc(0);
socket.on('data', (chunk) => {
  held = Buffer.concat([held, chunk]);
  while (held.length >= 4 && held.length >= held.readUInt32LE(0) + 4) {
    const [kind, run] = [held[4], held.readUInt32LE(8)];
    held = held.subarray(held.readUInt32LE(0) + 4);
    if (kind === 1) socket.write(frame(64, { head: '{"missing":[]}' }));
    if (kind === 3) DEEDS[deed](run);
    if (kind === 4) onResult();
    if (kind === 9) onMore();
  }
});
socket.on('error', () => {});
