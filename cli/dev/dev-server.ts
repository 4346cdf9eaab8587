/**
 * HTTP for `souk dev`, on this machine alone: `/orgs/dev/p/{publisher}/{name}/…` as the gateway of a server has it, and
 * `POST /dev/{publisher}/{name}/…` for what else runs a plugin, and `GET /dev/…` for what it has done. Callers are who
 * the header `souk-dev-role` says.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ByteSource, Caller, Completion, GuestRequest, GuestResponse } from '../../sandbox/index.ts';
import { bodyFieldsOf, checkRequestBody, isJudgedAnswer, responseFault } from '../../spec/endpoint-body.ts';
import { requireDeclaredEndpoint } from '../../spec/endpoint-match.ts';
import {
  GUEST_ANSWER_HEADERS,
  type Header,
  headersForGuest,
  headersFromGuest,
} from '../../spec/guest-headers.ts';
import { compileGuestSchema } from '../../spec/guest-validator.ts';
import { FILE_LIMITS, RUN_LIMITS, STREAM_LIMITS } from '../../spec/limits.ts';
import type { Endpoint } from '../../spec/manifest.ts';
import { OUTCOME_RESPONSES } from '../../spec/outcome.ts';
import { Refusal } from '../../spec/refusal.ts';
import { requireAccess, ROLES } from '../../sdk/memory/access.ts';
import { runControl } from './dev-controls.ts';
import { viewOf } from './dev-views.ts';
import type { DevLog } from './dev-log.ts';
import { DEV_ORG, type DevPlugin } from './dev-plugin.ts';
import type { DevSession } from './dev-session.ts';

const GATEWAY_PREFIX = `/orgs/${DEV_ORG.slug}/p/`;
/** A file with what is around it in a form. */
const CONTROL_BYTES_MAX = FILE_LIMITS.fileBytesMax + RUN_LIMITS.endpoint.requestBytesMax;
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

export type DevServer = { readonly url: string; close(): Promise<void> };

/**
 * @param port 0 to 65535; 0 takes one that is free
 * @throws Refusal `dev_port_taken`
 */
export async function openDevServer(session: DevSession, log: DevLog, port: number): Promise<DevServer> {
  const server = createServer((request, response) => {
    void answerRequest(session, request, response).then((what) =>
      log.say(
        {
          event: 'request',
          method: request.method ?? '',
          url: request.url ?? '',
          status: response.statusCode,
        },
        `${response.statusCode}      ${request.method} ${request.url}${what}`,
      ),
    );
  });
  await listen(server, port);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Refusal('dev_port_taken', { detail: `Port ${port}: ${error.code}.`, cause: error })),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** @returns what there is to say about it beside its status */
async function answerRequest(
  session: DevSession,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<string> {
  try {
    requireThisMachine(request);
    const url = new URL(request.url ?? '/', 'http://souk.invalid');
    if (url.pathname.startsWith(GATEWAY_PREFIX)) await callEndpoint(session, request, response, url);
    else await answerControl(session, request, response, url);
    return '';
  } catch (error) {
    const refusal =
      error instanceof Refusal ? error : new Refusal('internal_error', { detail: String(error) });
    if (response.headersSent) response.destroy();
    else writeProblem(response, refusal);
    return ` ${refusal.code}: ${refusal.message}`;
  }
}

/** A page elsewhere must not reach a plugin in the making by a name that it bends to this machine. */
function requireThisMachine({ headers }: IncomingMessage): void {
  const host = /^(127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/u;
  if (host.test(headers.host ?? '')) return;
  throw new Refusal('dev_request_foreign', { detail: `The host is ${JSON.stringify(headers.host ?? '')}.` });
}

async function callEndpoint(
  session: DevSession,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const [publisher = '', name = '', ...rest] = url.pathname.slice(GATEWAY_PREFIX.length).split('/');
  const plugin = requirePlugin(session, `${publisher}/${name}`);
  const path = `/${rest.join('/')}`;
  const declared = { id: plugin.manifest.id, endpoints: plugin.manifest.contributes?.endpoints ?? [] };
  const endpoint = requireDeclaredEndpoint(declared, request.method ?? 'GET', path);
  const caller = callerOf(request);
  requireAccess(plugin.manifest, 'endpoint', endpoint.access, caller);
  const prefix = `${GATEWAY_PREFIX}${declared.id}`;
  const trigger = {
    kind: 'endpoint',
    request: {
      method: request.method ?? 'GET',
      url: `http://${request.headers.host}${path}${url.search}`,
      headers: [...headersForGuest(headersOf(request)), ['x-forwarded-prefix', prefix]],
      body: await bodyOf(request, endpoint),
    } satisfies GuestRequest,
  } as const;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const completion = await session.run(plugin, { trigger, caller, signal: gone.signal, answer: 'pieces' });
  await writeCompletion({ session, plugin, endpoint }, completion, response);
}

function requirePlugin(session: DevSession, id: string): DevPlugin {
  const plugin = session.find(id);
  if (plugin) return plugin;
  const detail = `souk dev runs ${session.plugins.map(({ manifest }) => manifest.id).join(', ')}.`;
  throw new Refusal('not_found', { detail });
}

function headersOf({ rawHeaders }: IncomingMessage): Header[] {
  const headers: Header[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (name !== 'souk-dev-role') headers.push([name, rawHeaders[index + 1] ?? '']);
  }
  return headers;
}

function callerOf({ headers }: IncomingMessage): Caller {
  const role = headers['souk-dev-role'] ?? 'owner';
  const known = ROLES.find((each) => each === role);
  return known ? { kind: 'user', id: 'dev', role: known } : { kind: 'anonymous' };
}

async function bodyOf(request: IncomingMessage, endpoint: Endpoint): Promise<Uint8Array | ByteSource | null> {
  const isEmpty =
    !('transfer-encoding' in request.headers) && Number(request.headers['content-length'] ?? 0) === 0;
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  if (!endpoint.request) return isEmpty ? null : piecesOf(request);
  const body = await readWhole(request, RUN_LIMITS.endpoint.requestBytesMax);
  checkRequestBody(compileGuestSchema(endpoint.request), bodyFieldsOf(headersOf(request)), body);
  return body.byteLength === 0 ? null : body;
}

/** @throws Refusal `body_too_large` */
export async function readWhole(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.byteLength;
    if (bytes > bytesMax)
      throw new Refusal('body_too_large', { detail: `The body has more than ${bytesMax} bytes.` });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function piecesOf(request: IncomingMessage): ByteSource {
  const pieces = cutPieces(request);
  return {
    read: async () => {
      const next = await pieces.next().catch(() => undefined);
      if (!next) return 'broken';
      return next.done ? 'ended' : next.value;
    },
  };
}

async function* cutPieces(request: IncomingMessage): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > STREAM_LIMITS.requestBytesMax)
      throw new Refusal('body_too_large', { detail: 'The body is too long.' });
    for (let at = 0; at < chunk.byteLength; at += STREAM_LIMITS.pieceBytesMax)
      yield chunk.subarray(at, at + STREAM_LIMITS.pieceBytesMax);
  }
}

type Called = { readonly session: DevSession; readonly plugin: DevPlugin; readonly endpoint: Endpoint };

async function writeCompletion(
  called: Called,
  completion: Completion,
  response: ServerResponse,
): Promise<void> {
  if (completion.outcome !== 'ok') return writeFailure(called, completion, response);
  const answer = completion.response;
  if (!answer) return writeUnfit(response, 'the plugin did not answer with a Response');
  const fault = faultOf(called.endpoint, response.req.method ?? 'GET', answer);
  if (fault !== null) return writeUnfit(response, `it breaks the response schema: ${fault}`);
  response.writeHead(answer.status, [...headersFromGuest(answer.headers), ...GUEST_ANSWER_HEADERS].flat());
  await writeBody(response, WITHOUT_BODY.has(answer.status) ? null : answer.body);
}

function faultOf({ response }: Endpoint, method: string, { status, body }: GuestResponse): string | null {
  if (!response || !isJudgedAnswer(method, status)) return null;
  return responseFault(compileGuestSchema(response), body instanceof Uint8Array ? body : null);
}

async function writeBody(response: ServerResponse, body: GuestResponse['body']): Promise<void> {
  if (body === null || body instanceof Uint8Array) return void response.end(body ?? undefined);
  for (;;) {
    const piece = await body.read();
    if (piece === 'ended') return void response.end();
    if (piece === 'broken') return void response.destroy();
    if (!response.write(piece) && !response.destroyed)
      await new Promise<void>((resolve) => {
        response.once('drain', resolve);
        response.once('close', resolve);
      });
  }
}

type Failure = Exclude<Completion, { outcome: 'ok' }>;

/** As a server answers it, and with the plugin's own error: whoever reads it wrote the plugin. */
function writeFailure({ session, plugin }: Called, failure: Failure, response: ServerResponse): void {
  const { status, title } = OUTCOME_RESPONSES[failure.outcome];
  const error = session.mapped(
    plugin,
    failure.guestError?.stack || failure.guestError?.message || failure.reason,
  );
  writeJson(response, status, 'application/problem+json', {
    title,
    status,
    code: 'plugin_run_failed',
    outcome: failure.outcome,
    error,
  });
}

function writeUnfit(response: ServerResponse, error: string): void {
  const { status, title } = OUTCOME_RESPONSES.exception;
  const problem = { title, status, code: 'plugin_run_failed', outcome: 'exception', error };
  writeJson(response, status, 'application/problem+json', problem);
}

async function answerControl(
  session: DevSession,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  // Browsers tell where a page is from whenever it sends something (Fetch standard, section 3.2).
  if (request.headers.origin !== undefined)
    throw new Refusal('dev_request_foreign', { detail: `The origin is ${request.headers.origin}.` });
  const [, dev, publisher = '', name = '', ...words] = url.pathname.split('/').map(decodeWord);
  if (dev === 'dev' && request.method === 'GET')
    return writeJson(response, 200, 'application/json', viewOf(session, [publisher, name]));
  if (dev !== 'dev' || request.method !== 'POST')
    throw new Refusal('not_found', { detail: 'Nothing is here; souk dev printed the addresses that are.' });
  const plugin = requirePlugin(session, `${publisher}/${name}`);
  const body = await readWhole(request, CONTROL_BYTES_MAX);
  const contentType = request.headers['content-type'] ?? '';
  const control = { words, body, contentType, query: url.searchParams, caller: callerOf(request) };
  const answer = await runControl(session, plugin, control);
  if (answer.kind !== 'run')
    return writeJson(response, answer.kind === 'job' ? 202 : 200, 'application/json', answer.json);
  const { completion } = answer;
  const called = { session, plugin, endpoint: { method: 'POST', path: '/' } } as const;
  if (completion.outcome !== 'ok') return writeFailure(called, completion, response);
  writeJson(response, 200, 'application/json', { value: completion.value });
}

function decodeWord(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    throw new Refusal('not_found', {
      detail: 'The address holds a % that is none of RFC 3986, section 2.1.',
    });
  }
}

function writeProblem(response: ServerResponse, refusal: Refusal): void {
  const { allow } = refusal.extensions;
  if (typeof allow === 'string') response.setHeader('allow', allow);
  writeJson(response, refusal.entry.status, 'application/problem+json', {
    title: refusal.entry.title,
    status: refusal.entry.status,
    code: refusal.code,
    detail: refusal.message,
    hint: refusal.hint,
    ...(refusal.violations.length > 0 ? { violations: refusal.violations } : {}),
  });
}

function writeJson(response: ServerResponse, status: number, type: string, value: object): void {
  response.writeHead(status, [
    ...GUEST_ANSWER_HEADERS.flat(),
    'content-type',
    type,
    'cache-control',
    'no-store',
  ]);
  response.end(JSON.stringify(value));
}
