/** Requests to the server's own API. A problem document becomes the refusal that the server made. */
import type { JsonObject, JsonValue } from '../spec/json.ts';
import { Refusal } from '../spec/refusal.ts';
import { findCredentials, type ServerOptions } from './credentials.ts';
import type { Io } from './io.ts';
import { parseObject, refusalFrom } from './problem.ts';
import { followEvents, type ServerEvent } from './event-stream.ts';

export type ApiClient = {
  readonly url: string;
  get(path: string): Promise<JsonObject>;
  /** Every page of a list, as one; the path may have a query. */
  list(path: string): Promise<{ items: JsonValue[] }>;
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: JsonValue): Promise<JsonObject>;
  /** A form with files, which are read while they are sent. */
  form(path: string, form: FormData): Promise<JsonObject>;
  upload(path: string, parts: Readonly<Record<string, Uint8Array>>): Promise<JsonObject>;
  /** Server-sent events after the one with the id `last`, for ever or until the signal. */
  follow(path: string, last: string | null, signal?: AbortSignal): AsyncGenerator<ServerEvent>;
};

export async function openClient(io: Io, options: ServerOptions): Promise<ApiClient> {
  const { url, token } = await findCredentials(io, options);
  const request = (
    method: string,
    path: string,
    body?: string | FormData,
    type?: string,
  ): Promise<JsonObject> =>
    answerOf(
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
    follow: (path, last, signal) =>
      followEvents({ url, path, headers: headersOf(token, undefined), last, ...(signal ? { signal } : {}) }),
    form: (path, form) => request('POST', path, form),
    upload: (path, parts) => request('POST', path, formOf(parts)),
  };
}

const PAGE_SIZE = 200;

async function everyPage(
  get: (query: URLSearchParams) => Promise<JsonObject>,
): Promise<{ items: JsonValue[] }> {
  const items: JsonValue[] = [];
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  for (;;) {
    const page = await get(query);
    items.push(...(page['items'] as JsonValue[]));
    const next = page['nextCursor'];
    if (typeof next !== 'string') return { items };
    query.set('cursor', next);
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

async function answerOf(url: string, request: Request): Promise<JsonObject> {
  const response = await fetch(request).catch((error: unknown) => {
    throw new Refusal('server_unreachable', { detail: `Nothing answers at ${url}.`, cause: error });
  });
  const text = await response.text();
  const json = parseObject(text);
  if (response.ok && (json || text === '')) return json ?? {};
  throw refusalFrom(response.status, text);
}
