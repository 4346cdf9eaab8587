/**
 * Plugin calls, and downloads that lie ready, taken from Node's HTTP server before the router of the API sees them: the
 * hot path has no use for Request, Response and Headers objects, which cost it more than everything else that it does.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { GatewayAnswer } from '../gateway/answer.ts';
import { GATEWAY_PREFIX, type Gateway } from '../gateway/gateway.ts';
import { headerOf, type Header } from '../../spec/guest-headers.ts';
import type { CancelSignal } from '../../sandbox/ports.ts';
import type { Refusal } from '../../spec/refusal.ts';
import type { Services } from '../services.ts';
import { ARCHIVE_PATH, readyArchiveAnswer } from './archive-answer.ts';
import { openBody, writePieces } from './body-pieces.ts';
import { bodyIncomplete, bodyTooLarge } from './body.ts';
import { asRefusal, problemHeaders, problemOf } from './problem.ts';
import { recordRequest } from './record-request.ts';
import { framingFault, originOf, readTarget, type RequestTarget } from './target.ts';

const ROUTE = '/orgs/*';
/** What a caller still sends after it was refused is read and thrown away for so long, so that it sees the answer. */
const LINGER_MS = 2_000;

type Ports = Pick<Services, 'metrics' | 'log' | 'logFailed' | 'archives'> & {
  readonly settings: Pick<Services['settings'], 'publicUrl'>;
};

/** @param others takes every request that is not below `/orgs/` */
export function createListener(ports: Ports, gateway: Gateway, others: RequestListener): RequestListener {
  return (incoming, outgoing) => {
    const target = readTarget(incoming.url ?? '');
    if (!target?.pathname.startsWith(GATEWAY_PREFIX)) {
      const fault = framingFault(incoming) ?? hostFault(incoming);
      if (fault) return refuse(incoming, outgoing, fault);
      if (target && tookDownload(ports, { incoming, outgoing, target })) return;
      outgoing.once('finish', () => discardRest(incoming));
      return others(incoming, outgoing);
    }
    takeCall(ports, gateway, { incoming, outgoing, target }).catch((error: unknown) => {
      ports.log.error({ err: error }, 'an answer could not be written');
      outgoing.destroy();
    });
  };
}

type Call = {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly target: RequestTarget;
};

async function takeCall(ports: Ports, gateway: Gateway, call: Call): Promise<void> {
  const { incoming, outgoing, target } = call;
  const startedMs = performance.now();
  const requestId = randomUUID();
  const answer = await answerCall(ports, gateway, call, requestId);
  const writing = writeAnswer(incoming, outgoing, answer, requestId);
  if (writing) await writing;
  const method = incoming.method ?? '';
  const { status } = answer;
  recordRequest(ports, { method, path: target.pathname, route: ROUTE, status, requestId, startedMs });
}

async function answerCall(
  { logFailed, settings }: Ports,
  gateway: Gateway,
  { incoming, outgoing, target }: Call,
  requestId: string,
): Promise<GatewayAnswer> {
  try {
    const fault = framingFault(incoming);
    if (fault) throw fault;
    const headers = headersOf(incoming.rawHeaders);
    const addressed = originOf(incoming, headerOf(headers, 'host'));
    const request = {
      method: incoming.method ?? '',
      origin: settings.publicUrl ?? addressed,
      ...target,
      headers,
      readBody: (bytesMax: number) => readBody(incoming, headers, bytesMax),
      openBody: (wholeBytesMax: number, bytesMax: number) =>
        mayBeLarge(headers, wholeBytesMax, bytesMax)
          ? openBody(incoming, wholeBytesMax, bytesMax)
          : readBody(incoming, headers, wholeBytesMax),
      signal: new ConnectionSignal(outgoing),
    };
    return await gateway(request, requestId);
  } catch (error) {
    const refusal = asRefusal(error);
    logFailed(refusal, requestId);
    return refusalAnswer(refusal, requestId);
  }
}

function refusalAnswer(refusal: Refusal, requestId: string): GatewayAnswer {
  const body = JSON.stringify(problemOf(refusal, requestId));
  return { status: refusal.entry.status, headers: Object.entries(problemHeaders(refusal)), body };
}

/** @returns whether the request was one for an archive that lies ready, and has been answered */
function tookDownload(ports: Ports, { incoming, outgoing, target }: Call): boolean {
  const startedMs = performance.now();
  const answer = readyArchiveAnswer(ports.archives, incoming, target);
  if (!answer) return false;
  const requestId = randomUUID();
  void writeAnswer(incoming, outgoing, answer, requestId);
  const { status } = answer;
  const path = target.pathname;
  recordRequest(ports, { method: 'GET', path, route: ARCHIVE_PATH, status, requestId, startedMs });
  return true;
}

function refuse(incoming: IncomingMessage, outgoing: ServerResponse, refusal: Refusal): void {
  const requestId = randomUUID();
  void writeAnswer(incoming, outgoing, refusalAnswer(refusal, requestId), requestId);
}

/** The API has no use for the host, and takes none that is none. */
function hostFault(incoming: IncomingMessage): Refusal | undefined {
  try {
    originOf(incoming, headerOf(headersOf(incoming.rawHeaders), 'host'));
    return undefined;
  } catch (error) {
    return asRefusal(error);
  }
}

/** Node hands them over as they came: name, value, name, value. */
function headersOf(raw: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2)
    headers.push([(raw[at] as string).toLowerCase(), raw[at + 1] as string]);
  return headers;
}

/**
 * Fires when the connection goes before the answer has been written. A class, because an object of its own with a
 * getter gets a hidden class of its own, which is born old and so makes the whole call old (see docs/performance.md).
 */
class ConnectionSignal implements CancelSignal {
  readonly #outgoing: ServerResponse;

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing;
  }

  get aborted(): boolean {
    return this.#outgoing.closed && !this.#outgoing.writableFinished;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#outgoing.once('close', () => {
      if (!this.#outgoing.writableFinished) listener();
    });
  }
}

/** @throws Refusal `body_too_large` for a body that says so itself */
function mayBeLarge(headers: readonly Header[], wholeBytesMax: number, bytesMax: number): boolean {
  // A request has a body when it says how long it is (RFC 9112, section 6.3).
  if (headerOf(headers, 'transfer-encoding') !== null) return true;
  const bytes = Number(headerOf(headers, 'content-length') ?? 0);
  if (bytes > bytesMax) throw bodyTooLarge(bytesMax);
  return bytes > wholeBytesMax;
}

function readBody(
  incoming: IncomingMessage,
  headers: readonly Header[],
  bytesMax: number,
): Promise<Uint8Array> {
  // With a Content-Length the HTTP parser itself ends the body there (RFC 9112, section 6.3).
  if (Number(headerOf(headers, 'content-length') ?? 0) > bytesMax) throw bodyTooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      length += chunk.byteLength;
      if (length <= bytesMax) return void chunks.push(chunk);
      incoming.off('data', collect);
      reject(bodyTooLarge(bytesMax));
    };
    incoming.on('data', collect);
    incoming.once('end', () =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)),
    );
    incoming.once('error', (error) => reject(bodyIncomplete(error)));
    // Also after every whole body: only an end without one is worth making an error for.
    incoming.once('close', () => {
      if (!incoming.complete) reject(bodyIncomplete(undefined));
    });
  });
}

/** @returns a promise where the body is still to come */
function writeAnswer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, headers, body }: GatewayAnswer,
  requestId: string,
): Promise<void> | undefined {
  const raw = ['x-request-id', requestId];
  for (const [name, value] of headers) raw.push(name, value);
  if (body !== null && typeof body === 'object' && 'read' in body) {
    outgoing.writeHead(status, raw);
    // The request may still be read, by the guest that answers it.
    return writePieces(outgoing, body).finally(() => lingerOver(incoming));
  }
  lingerOver(incoming);
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (mayHaveBody(status) && (bytes || incoming.method !== 'HEAD'))
    raw.push('content-length', String(bytes?.byteLength ?? 0));
  outgoing.writeHead(status, raw);
  if (bytes && bytes.byteLength <= ONE_WRITE_BYTES_MAX) outgoing.end(binaryString(bytes), 'latin1');
  else outgoing.end(bytes);
  return undefined;
}

/** Node writes a head and a short text at once, a head and bytes as two. */
const ONE_WRITE_BYTES_MAX = 16_384;

function binaryString({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/** RFC 9110, sections 15.3.5 and 15.4.5, and 8.6 on Content-Length beside them. */
function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

/**
 * What the API left unread when it refused a body. A web stream over it may hold it back for a reader that is gone; the
 * server would then close the connection some time later, under the caller's next request.
 */
function discardRest(incoming: IncomingMessage): void {
  if (incoming.readableEnded || incoming.destroyed) return;
  incoming.removeAllListeners('data').removeAllListeners('readable');
  incoming.resume();
}

/** Closing at once would make the system throw away the answer with what it has not read (RFC 9112, section 9.6). */
function lingerOver(incoming: IncomingMessage): void {
  if (incoming.complete) return;
  const cut = setTimeout(() => incoming.socket.destroy(), LINGER_MS).unref();
  incoming.once('close', () => clearTimeout(cut));
  incoming.resume();
}
