/** Names over real DNS messages (RFC 1035), from a name server on the loopback device. */
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createResolve, type Resolve } from './resolver.ts';

const TYPE_A = 1;
const TYPE_AAAA = 28;
const IPV4 = [93, 184, 216, 34];
const IPV6 = [0x26, 0x06, 0x47, ...Array.from({ length: 12 }, () => 0), 1];

let server: Socket;
/** Waits for the name server of this process, which may stall. */
let resolve: Resolve;
let impatient: Resolve;
const asked: string[] = [];

beforeAll(async () => {
  server = createSocket('udp4');
  server.on('message', (query, { address, port }) => {
    const { name, type, end } = readQuestion(query);
    asked.push(name);
    if (name.startsWith('silent.')) return;
    const data = answerTo(name, type);
    server.send(
      Buffer.concat([head(query, data), query.subarray(12, end), record(type, data)]),
      port,
      address,
    );
  });
  await new Promise<void>((bound) => void server.bind(0, '127.0.0.1', bound));
  const servers = [`127.0.0.1:${server.address().port}`];
  resolve = createResolve(servers, 60_000);
  impatient = createResolve(servers);
});

afterAll(() => server.close());

function answerTo(name: string, type: number): number[] {
  if (type === TYPE_A && !name.startsWith('six.') && !name.startsWith('none.')) return IPV4;
  return type === TYPE_AAAA && /^(?:six|both)\./u.test(name) ? IPV6 : [];
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let size = query.readUInt8(at); size > 0; size = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + size));
    at += size + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function head(query: Buffer, data: number[]): Buffer {
  const bytes = Buffer.alloc(12);
  query.copy(bytes, 0, 0, 2);
  bytes.writeUInt16BE(0x81_80, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt16BE(data.length > 0 ? 1 : 0, 6);
  return bytes;
}

function record(type: number, data: number[]): Buffer {
  if (data.length === 0) return Buffer.alloc(0);
  return Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data]);
}

it.each([
  ['four.example.net', ['93.184.216.34']],
  ['six.example.net', ['2606:4700::1']],
  ['both.example.net', ['93.184.216.34', '2606:4700::1']],
  ['none.example.net', []],
])('%s has %j', async (name, addresses) => {
  expect((await resolve(name, 'dns')).map(({ address }) => address)).toEqual(addresses);
});

it('a name server that is silent is not waited for', async () => {
  expect(await impatient('silent.example.net', 'dns')).toEqual([]);
});

it('the name servers are asked though the hosts file has the name, and not where the system is', async () => {
  asked.length = 0;
  expect((await resolve('localhost', 'system')).length).toBeGreaterThan(0);
  expect(asked).toEqual([]);
  await resolve('localhost', 'dns');
  expect(new Set(asked)).toEqual(new Set(['localhost']));
});
