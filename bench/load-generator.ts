/**
 * The client side of a load, in a process of its own: raw sockets, one request in flight on each, and no work besides
 * finding the end of every answer. Told what to do by messages; answers each with a `LoadResult`.
 */
import { connect, type Socket } from 'node:net';

export type LoadOrder = {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly durationMs: number;
};

export type LoadResult = {
  readonly requests: number;
  /** Answers with another status than 200. */
  readonly failures: number;
  readonly elapsedMs: number;
  /** Latencies in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);
const READ_BYTES = 65_536;

function encodeRequest(order: LoadOrder): Buffer {
  const { pathname, search, host } = new URL(order.url);
  const headers = { host, 'content-length': String(Buffer.byteLength(order.body)), ...order.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(
    `${order.method} ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${order.body}`,
  );
}

/** @returns how many bytes the answer has that begins the buffer, or undefined while its head is not there */
function answerBytes(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf(END_OF_HEAD);
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const [, length] = /\r\ncontent-length: *(\d+)/iu.exec(head) ?? [];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${head}`);
  return headEnd + END_OF_HEAD.byteLength + Number(length);
}

class Connection {
  readonly socket: Socket;
  readonly #request: Buffer;
  readonly #onAnswer: (latencyMs: number, status: string) => boolean;
  /** What came of an answer whose head is not whole yet. */
  #held: Buffer = NOTHING;
  #seenBytes = 0;
  #wantedBytes: number | undefined;
  #status = '';
  #startedMs = 0;

  constructor(order: LoadOrder, request: Buffer, onAnswer: (latencyMs: number, status: string) => boolean) {
    const { hostname, port } = new URL(order.url);
    this.#request = request;
    this.#onAnswer = onAnswer;
    // A buffer of its own, and no stream: what the client takes of the two cores, the server does not have.
    const buffer = Buffer.alloc(READ_BYTES);
    const callback = (bytes: number): boolean => this.#receive(buffer.subarray(0, bytes));
    const options = { host: hostname, port: Number(port), noDelay: true, onread: { buffer, callback } };
    this.socket = connect(options, () => this.#send());
    this.socket.on('error', () => undefined);
  }

  #send(): void {
    this.#startedMs = performance.now();
    this.socket.write(this.#request);
  }

  /** @returns that it goes on reading, as `onread` wants to be told */
  #receive(chunk: Buffer): true {
    this.#seenBytes += chunk.byteLength;
    if (this.#wantedBytes === undefined) this.#readHead(chunk);
    if (this.#wantedBytes === undefined || this.#seenBytes < this.#wantedBytes) return true;
    this.#seenBytes = 0;
    this.#wantedBytes = undefined;
    if (this.#onAnswer(performance.now() - this.#startedMs, this.#status)) this.#send();
    else this.socket.destroy();
    return true;
  }

  /** What has come is kept until the head is whole; of the body nothing is. */
  #readHead(chunk: Buffer): void {
    const bytes = this.#held.byteLength === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#wantedBytes = answerBytes(bytes);
    this.#held = this.#wantedBytes === undefined ? Buffer.from(bytes) : NOTHING;
    this.#status = bytes.toString('latin1', 9, 12);
  }
}

function runLoad(order: LoadOrder): Promise<LoadResult> {
  const request = encodeRequest(order);
  const latencies: number[] = [];
  let failures = 0;
  const startedMs = performance.now();
  return new Promise((resolve) => {
    let open = order.connections;
    const onAnswer = (latencyMs: number, status: string): boolean => {
      latencies.push(latencyMs);
      if (status !== '200') failures += 1;
      return performance.now() - startedMs < order.durationMs;
    };
    const onClose = (): void => {
      open -= 1;
      if (open === 0) resolve(summarize(latencies, failures, performance.now() - startedMs));
    };
    for (let index = 0; index < order.connections; index += 1)
      new Connection(order, request, onAnswer).socket.once('close', onClose);
  });
}

function summarize(latencies: number[], failures: number, elapsedMs: number): LoadResult {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { requests: sorted.length, failures, elapsedMs, p50Ms: at(0.5), p99Ms: at(0.99) };
}

if (import.meta.main)
  process.on('message', (order: LoadOrder) => void runLoad(order).then((result) => process.send?.(result)));
