/** Response (Fetch section 5.5). */
import {
  extractBody,
  isUnusable,
  mixInBody,
  textBody,
  type Body,
  type BodyHolder,
  type BodyInit,
} from './body.ts';
import { cloneBody } from './cloned-body.ts';
import { arrayPush, arraySlice, jsonStringify, setHas } from './intrinsics.ts';
import {
  fillHeaders,
  getHeader,
  isReasonPhrase,
  wrapHeaders,
  type HeaderList,
  type Headers,
  type HeadersInit,
} from './headers.ts';
import { urlPart } from './lazy.ts';
import { defineInterface, isObject, requireArguments, toByteString, toDictionary } from './web-idl.ts';

export type ResponseInit = { status: number; statusText: string; headers: HeadersInit };

type ResponseType = 'default' | 'basic' | 'error' | 'opaqueredirect';

export type ResponseState = {
  type: ResponseType;
  status: number;
  statusText: string;
  url: string;
  redirected: boolean;
  readonly list: HeaderList;
  body: Body | null;
};

/** Fetch section 2.2.3, "null body status". */
const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const HOLLOW = Symbol('made by wrapResponse');
let stateOf: (response: Response) => ResponseState;
let isHere: (value: object) => value is Response;
let wrap: (state: ResponseState) => Response;

export class Response {
  static {
    stateOf = (response) => response.#state;
    isHere = (value): value is Response => #state in value;
    wrap = (state) => {
      const response = new Response(HOLLOW as never);
      response.#state = state;
      response.#guard = 'immutable';
      return response;
    };
  }

  #state: ResponseState;
  #guard: 'none' | 'immutable' = 'none';
  #headers: Headers | null = null;

  constructor(body?: BodyInit | null, init?: Partial<ResponseInit>) {
    this.#state = emptyState();
    if ((body as unknown) === HOLLOW) return;
    initialize(this.#state, init, body === null || body === undefined ? null : extractBody(body));
  }

  static error(): Response {
    return wrap({ ...emptyState(), type: 'error', status: 0 });
  }

  static redirect(url: string, status: number = 302): Response {
    requireArguments(arguments.length, 1, 'Response.redirect');
    const location = new (urlPart.use().URL)(`${url}`).href;
    const code = toStatus(status);
    if (!setHas(REDIRECT_STATUSES, code))
      throw new RangeError(`Response.redirect: ${code} is not a redirect status.`);
    return wrap({ ...emptyState(), status: code, list: [['location', location]] });
  }

  static json(data: unknown, init?: Partial<ResponseInit>): Response {
    requireArguments(arguments.length, 1, 'Response.json');
    const text = jsonStringify(data) as string | undefined;
    if (text === undefined) throw new TypeError('Response.json: the value cannot be written as JSON.');
    const response = new Response();
    initialize(response.#state, init, { body: textBody(text), type: 'application/json' });
    return response;
  }

  get type(): ResponseType {
    return this.#state.type;
  }
  get url(): string {
    return this.#state.url;
  }
  get redirected(): boolean {
    return this.#state.redirected;
  }
  get status(): number {
    return this.#state.status;
  }
  get ok(): boolean {
    return this.#state.status >= 200 && this.#state.status <= 299;
  }
  get statusText(): string {
    return this.#state.statusText;
  }
  get headers(): Headers {
    this.#headers ??= wrapHeaders(this.#state.list, this.#guard);
    return this.#headers;
  }

  clone(): Response {
    const state = this.#state;
    if (isUnusable(state.body)) throw new TypeError('Response.clone: the body has already been read.');
    const copy = wrap({
      ...state,
      list: arraySlice(state.list),
      body: state.body === null ? null : cloneBody(state.body),
    });
    copy.#guard = this.#guard;
    return copy;
  }
}

function emptyState(): ResponseState {
  return { type: 'default', status: 200, statusText: '', url: '', redirected: false, list: [], body: null };
}

/** Web IDL `unsigned short`. */
const toStatus = (value: unknown): number => Number(value) & 0xffff;

/** Fetch section 5.5, "initialize a response". */
function initialize(
  state: ResponseState,
  init: Partial<ResponseInit> | undefined,
  content: { body: Body; type: string | null } | null,
): void {
  if (init !== undefined) applyInit(state, init);
  if (content === null) return;
  if (setHas(NULL_BODY_STATUSES, state.status)) {
    throw new TypeError(`Response: a response with status ${state.status} cannot have a body.`);
  }
  state.body = content.body;
  if (content.type !== null && getHeader(state.list, 'content-type') === null)
    arrayPush(state.list, ['content-type', content.type]);
}

function applyInit(state: ResponseState, init: Partial<ResponseInit>): void {
  const { headers, status, statusText } = toDictionary<ResponseInit>(init, 'Response');
  if (status !== undefined) {
    const code = toStatus(status);
    if (code < 200 || code > 599)
      throw new RangeError(`Response: the status ${code} is not between 200 and 599.`);
    state.status = code;
  }
  if (statusText !== undefined) {
    const phrase = toByteString(statusText);
    if (!isReasonPhrase(phrase)) throw new TypeError('Response: the status text is not a reason phrase.');
    state.statusText = phrase;
  }
  if (headers === undefined) return;
  if (!isObject(headers))
    throw new TypeError('Response: the headers must be an object or a sequence of pairs.');
  fillHeaders(state.list, headers);
}

export const isResponse = (value: unknown): value is Response => isObject(value) && isHere(value);
export const responseState = (response: Response): ResponseState => stateOf(response);
export const wrapResponse = (state: ResponseState): Response => wrap(state);

defineInterface(Response, 'Response', { constructor: 0, json: 1, redirect: 1 });
mixInBody(Response.prototype, (self): BodyHolder => {
  const state = stateOf(self as Response);
  return { body: state.body, contentType: () => getHeader(state.list, 'content-type') };
});
