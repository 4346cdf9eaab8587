/** Requests to the server's own API. A problem document becomes the refusal that the server made. */
import type { JsonObject } from '../spec/json.ts';
import { Refusal } from '../spec/refusal.ts';
import { findCredentials, type ServerOptions } from './credentials.ts';
import type { Io } from './io.ts';
import { parseObject, refusalFrom } from './problem.ts';
import { followEvents, type ServerEvent } from './event-stream.ts';

/**
 * Who asks names the shape of the answer, as the server's OpenAPI document has it for the route: of an answer it is only
 * checked that it is an object, and of a list that it has items.
 *
 * All throw Refusal `server_unreachable`, `server_answer_unknown`, or what the server refuses with.
 */
export type ApiClient = {
  readonly url: string;
  get<Answer extends object = JsonObject>(path: string): Promise<Answer>;
  /** Every page of a list, as one; the path may have a query. */
  list<Item = JsonObject>(path: string): Promise<{ items: Item[] }>;
  send<Answer extends object = JsonObject>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Answer>;
  /** A form with files, which are read while they are sent. */
  form<Answer extends object = JsonObject>(path: string, form: FormData): Promise<Answer>;
  upload(path: string, parts: Readonly<Record<string, Uint8Array>>): Promise<JsonObject>;
  /** The bytes of an answer, as they come. One that breaks off throws Refusal `server_unreachable`. */
  download(path: string): Promise<AsyncIterable<Uint8Array>>;
  /** Server-sent events after the one with the id `last`, for ever or until the signal. */
  follow(path: string, last: string | null, signal?: AbortSignal): AsyncGenerator<ServerEvent>;
};

export async function openClient(io: Io, options: ServerOptions): Promise<ApiClient> {
  const { url, token } = await findCredentials(io, options);
  const request = <Answer = JsonObject>(
    method: string,
    path: string,
    body?: string | FormData,
    type?: string,
  ): Promise<Answer> =>
    answerOf<Answer>(
      url,
      new Request(`${url}${path}`, {
        method,
        headers: headersOf(token, type),
        ...(body === undefined ? {} : { body }),
      }),
    );
  return {
    url,
    get: (path) => request('GET', path),
    list: (path) => everyPage((page) => request('GET', `${path}${path.includes('?') ? '&' : '?'}${page}`)),
    send: (method, path, body) =>
      body === undefined
        ? request(method, path)
        : request(method, path, JSON.stringify(body), 'application/json'),
    download: (path) => bytesOf(url, new Request(`${url}${path}`, { headers: headersOf(token, undefined) })),
    follow: (path, last, signal) =>
      followEvents({ url, path, headers: headersOf(token, undefined), last, ...(signal ? { signal } : {}) }),
    form: (path, form) => request('POST', path, form),
    upload: (path, parts) => request('POST', path, formOf(parts)),
  };
}

const PAGE_SIZE = 200;

type Page<Item> = { readonly items?: Item[]; readonly nextCursor?: string | null };

async function everyPage<Item>(
  get: (query: URLSearchParams) => Promise<Page<Item>>,
): Promise<{ items: Item[] }> {
  const items: Item[] = [];
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  for (;;) {
    const page = await get(query);
    if (!Array.isArray(page.items))
      throw new Refusal('server_answer_unknown', { detail: 'It answered with a list that has no items.' });
    items.push(...page.items);
    if (typeof page.nextCursor !== 'string') return { items };
    // A cache on the way may answer every page with the first one.
    if (page.nextCursor === query.get('cursor'))
      throw new Refusal('server_answer_unknown', { detail: 'It answered with the same page twice.' });
    query.set('cursor', page.nextCursor);
  }
}

function headersOf(token: string | null, type: string | undefined): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(type === undefined ? {} : { 'content-type': type }),
  };
}

function formOf(parts: Readonly<Record<string, Uint8Array>>): FormData {
  const form = new FormData();
  for (const [name, bytes] of Object.entries(parts)) form.set(name, new Blob([new Uint8Array(bytes)]), name);
  return form;
}

async function bytesOf(url: string, request: Request): Promise<AsyncIterable<Uint8Array>> {
  const response = await responseOf(url, request);
  if (!response.ok) throw refusalFrom(response.status, await textOf(url, response));
  return unbroken(response.body ?? [], url);
}

async function* unbroken(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  url: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw brokenOff(url, error, 'Ask for it again.');
  }
}

function responseOf(url: string, request: Request): Promise<Response> {
  return fetch(request).catch((error: unknown) => {
    throw new Refusal('server_unreachable', { detail: `Nothing answers at ${url}.`, cause: error });
  });
}

function textOf(url: string, response: Response): Promise<string> {
  return response.text().catch((error: unknown) => {
    throw brokenOff(url, error, 'Look whether a change took effect before you try again.');
  });
}

function brokenOff(url: string, cause: unknown, hint: string): Refusal {
  const detail = `The connection to ${url} broke in the middle of an answer.`;
  return new Refusal('server_unreachable', { detail, hint, cause });
}

async function answerOf<Answer>(url: string, request: Request): Promise<Answer> {
  const response = await responseOf(url, request);
  const text = await textOf(url, response);
  const json = parseObject(text);
  if (response.ok && (json || text === '')) return (json ?? {}) as Answer;
  throw refusalFrom(response.status, text);
}
