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
  #held: Buffer[] = [];
  #heldBytes = 0;
  #wantedBytes: number | undefined;
  #startedMs = 0;

  constructor(order: LoadOrder, request: Buffer, onAnswer: (latencyMs: number, status: string) => boolean) {
    const { hostname, port } = new URL(order.url);
    this.#request = request;
    this.#onAnswer = onAnswer;
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => this.#send());
    this.socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.socket.on('error', () => undefined);
  }

  #send(): void {
    this.#startedMs = performance.now();
    this.socket.write(this.#request);
  }

  #receive(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.byteLength;
    this.#wantedBytes ??= answerBytes(this.#held.length === 1 ? chunk : Buffer.concat(this.#held));
    if (this.#wantedBytes === undefined || this.#heldBytes < this.#wantedBytes) return;
    const status = this.#held[0]?.toString('latin1', 9, 12) ?? '';
    this.#held = [];
    this.#heldBytes = 0;
    this.#wantedBytes = undefined;
    if (this.#onAnswer(performance.now() - this.#startedMs, status)) this.#send();
    else this.socket.destroy();
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
