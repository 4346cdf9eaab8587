/** Request (Fetch section 5.4). There is no document and no page: what only they give has its neutral value. */
import type { BoundRun } from '../bindings.ts';
import type { AbortSignal } from './abort.ts';
import {
  binaryBody,
  extractBody,
  isUnusable,
  mixInBody,
  pulledBody,
  streamOf,
  type Body,
  type BodyHolder,
  type BodyInit,
} from './body.ts';
import { bound } from './bound.ts';
import { cloneBody } from './cloned-body.ts';
import { arrayPush, arraySlice, jsonParse, matches, setHas, stringToUpperCase } from './intrinsics.ts';
import {
  fillHeaders,
  getHeader,
  trustedList,
  wrapHeaders,
  type HeaderList,
  type Headers,
  type HeadersInit,
} from './headers.ts';
import { abortPart, streamPart, urlPart } from './lazy.ts';
import type { PulledBody } from './pulled-body.ts';
import type { ReadableStream } from './streams.ts';
import type { URL } from './url.ts';
import { defineInterface, isObject, requireArguments, toByteString, toDictionary } from './web-idl.ts';

export type Redirect = 'follow' | 'error' | 'manual';

export type RequestInit = {
  method: string;
  headers: HeadersInit;
  body: BodyInit | null;
  redirect: Redirect;
  signal: AbortSignal | null;
  duplex: 'half';
  mode: string;
  credentials: string;
  cache: string;
  referrer: string;
  referrerPolicy: string;
  integrity: string;
  keepalive: boolean;
};

export type RequestState = {
  readonly method: string;
  readonly url: string;
  /** Absent while nobody has looked at the headers that came with a run: `headerListOf` makes it. */
  list: HeaderList | null;
  /** Of a run: names and values as JSON. */
  readonly headersText: string;
  readonly redirect: Redirect;
  readonly options: Readonly<Record<OptionName, string>>;
  readonly keepalive: boolean;
  /** Digests of the answer that is expected (Fetch section 2.2.5, "integrity metadata"). */
  readonly integrity: string;
  /** What the signal follows; the request's own signal is made when it is asked for. */
  readonly source: AbortSignal | null;
  /** The run whose caller sent it, and may go away. */
  readonly run: BoundRun | null;
  body: Body | null;
};

type OptionName = keyof typeof OPTIONS;

/** Members with a closed set of values; kept for reading back, without effect here. The first value is the default. */
const OPTIONS = {
  mode: ['cors', 'navigate', 'no-cors', 'same-origin'],
  credentials: ['same-origin', 'include', 'omit'],
  cache: ['default', 'force-cache', 'no-cache', 'no-store', 'only-if-cached', 'reload'],
  referrerPolicy: [
    '',
    'no-referrer',
    'no-referrer-when-downgrade',
    'origin',
    'origin-when-cross-origin',
    'same-origin',
    'strict-origin',
    'strict-origin-when-cross-origin',
    'unsafe-url',
  ],
} as const;
const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];
const DEFAULT_OPTIONS: RequestState['options'] = {
  mode: 'cors',
  credentials: 'same-origin',
  cache: 'default',
  referrerPolicy: '',
};

const REDIRECTS: ReadonlySet<string> = new Set(['follow', 'error', 'manual']);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Fetch section 2.2.1: written in any case; other methods keep theirs. */
const NORMALIZED_METHODS: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);
/** Fetch section 2.2.1, "forbidden method": tunnels and echoes of secrets. */
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

const HOLLOW = Symbol('made by wrapRequest');
let stateOf: (request: Request) => RequestState;
let isHere: (value: object) => value is Request;
let wrap: (state: RequestState) => Request;

export class Request {
  static {
    stateOf = (request) => request.#state;
    isHere = (value): value is Request => #state in value;
    wrap = (state) => {
      const request = new Request(HOLLOW as never);
      request.#state = state;
      return request;
    };
  }

  #state: RequestState;
  #headers: Headers | null = null;
  #signal: AbortSignal | null = null;

  constructor(input: Request | URL | string, init?: Partial<RequestInit>) {
    requireArguments(arguments.length, 1, 'Request');
    this.#state =
      (input as unknown) === HOLLOW
        ? HOLLOW_STATE
        : makeState(input, toDictionary<RequestInit>(init, 'Request'));
  }

  get method(): string {
    return this.#state.method;
  }
  get url(): string {
    return this.#state.url;
  }
  get headers(): Headers {
    this.#headers ??= wrapHeaders(headerListOf(this.#state), 'none');
    return this.#headers;
  }
  get destination(): string {
    return this.#state && '';
  }
  get referrer(): string {
    return this.#state && 'about:client';
  }
  get referrerPolicy(): string {
    return this.#state.options.referrerPolicy;
  }
  get mode(): string {
    return this.#state.options.mode;
  }
  get credentials(): string {
    return this.#state.options.credentials;
  }
  get cache(): string {
    return this.#state.options.cache;
  }
  get redirect(): Redirect {
    return this.#state.redirect;
  }
  get integrity(): string {
    return this.#state.integrity;
  }
  get keepalive(): boolean {
    return this.#state.keepalive;
  }
  get duplex(): string {
    return this.#state && 'half';
  }
  get isReloadNavigation(): boolean {
    return this.#state && false;
  }
  get isHistoryNavigation(): boolean {
    return this.#state && false;
  }
  get signal(): AbortSignal {
    this.#signal ??= makeSignal(this.#state);
    return this.#signal;
  }

  clone(): Request {
    const state = this.#state;
    if (isUnusable(state.body)) throw new TypeError('Request.clone: the body has already been read.');
    const body = state.body === null ? null : cloneBody(state.body);
    return wrap({
      ...state,
      list: arraySlice(headerListOf(state)),
      body,
      source: this.#signal ?? state.source,
    });
  }
}

function makeSignal({ source, run }: RequestState): AbortSignal {
  const { followSignal, signalOf } = abortPart.use();
  if (source !== null || run === null) return followSignal(source);
  return signalOf((abort) => bound().onCallerGone(run, abort));
}

const HOLLOW_STATE: RequestState = {
  method: 'GET',
  url: '',
  list: [],
  headersText: '',
  redirect: 'follow',
  options: DEFAULT_OPTIONS,
  keepalive: false,
  integrity: '',
  source: null,
  run: null,
  body: null,
};

/** @returns the headers, which whoever asks may change */
export function headerListOf(state: RequestState): HeaderList {
  state.list ??= trustedList(jsonParse(state.headersText) as [string, string][]);
  return state.list;
}

/** Fetch section 5.4, the constructor's steps. */
function makeState(input: unknown, init: Partial<RequestInit>): RequestState {
  const base = isRequest(input) ? stateOf(input) : null;
  const list: HeaderList = [];
  const method = init.method === undefined ? (base?.method ?? 'GET') : toMethod(init.method);
  const headers = init.headers ?? (base && wrapHeaders(headerListOf(base), 'none'));
  if (headers !== null && !isObject(headers))
    throw new TypeError('Request: the headers must be an object or a sequence of pairs.');
  if (headers !== null) fillHeaders(list, headers);
  return {
    method,
    url: base?.url ?? toUrl(input),
    list,
    headersText: '',
    redirect: toRedirect(init.redirect ?? base?.redirect),
    options: toOptions(init, base?.options ?? DEFAULT_OPTIONS),
    keepalive: Boolean(init.keepalive ?? base?.keepalive),
    integrity: `${init.integrity ?? base?.integrity ?? ''}`,
    source: toSignal(init.signal, isRequest(input) ? input : null),
    run: null,
    body: toBody(init, base, method, list),
  };
}

function toUrl(input: unknown): string {
  const url = new (urlPart.use().URL)(`${input as string}`);
  if (url.username !== '' || url.password !== '')
    throw new TypeError('Request: the URL must not include credentials.');
  return url.href;
}

function toMethod(value: unknown): string {
  const method = toByteString(value);
  const upper = stringToUpperCase(method);
  if (!matches(TOKEN, method)) throw new TypeError('Request: the method is not a valid HTTP method.');
  if (setHas(FORBIDDEN_METHODS, upper)) throw new TypeError(`Request: the method ${upper} is not allowed.`);
  return setHas(NORMALIZED_METHODS, upper) ? upper : method;
}

function toRedirect(value: unknown): Redirect {
  const redirect = value === undefined ? 'follow' : `${value as string}`;
  if (!setHas(REDIRECTS, redirect))
    throw new TypeError('Request: "redirect" must be follow, error or manual.');
  return redirect as Redirect;
}

function toOptions(init: Partial<RequestInit>, base: RequestState['options']): RequestState['options'] {
  const options: Record<OptionName, string> = { ...base };
  for (const name of OPTION_NAMES) {
    const given = init[name];
    if (given === undefined) continue;
    const allowed: readonly string[] = OPTIONS[name];
    if (!allowed.includes(`${given}`))
      throw new TypeError(`Request: "${name}" has a value that does not exist.`);
    options[name] = `${given}`;
  }
  return options;
}

function toSignal(given: unknown, input: Request | null): AbortSignal | null {
  if (given === null) return null;
  if (given === undefined)
    return input === null ? null : stateOf(input).source === null ? input.signal : stateOf(input).source;
  if (!(given instanceof abortPart.use().AbortSignal))
    throw new TypeError('Request: "signal" must be an AbortSignal.');
  return given;
}

/** Steps 33 to 42: a new body, or the one of the given request, which is used up by that. */
function toBody(
  init: Partial<RequestInit>,
  base: RequestState | null,
  method: string,
  list: HeaderList,
): Body | null {
  if (init.duplex !== undefined && `${init.duplex}` !== 'half')
    throw new TypeError('Request: "duplex" has a value that does not exist.');
  const given = init.body;
  const inherited = base?.body ?? null;
  const hasBody = (given !== undefined && given !== null) || (given === undefined && inherited !== null);
  if (hasBody && (method === 'GET' || method === 'HEAD'))
    throw new TypeError(`Request: a ${method} request cannot have a body.`);
  if (given === null) return null;
  if (given !== undefined) return newBody(given, init, list);
  if (inherited === null) return null;
  if (isUnusable(inherited))
    throw new TypeError('Request: the body of the given request has already been read.');
  const taken: Body = { source: inherited.source, isUsed: false };
  inherited.isUsed = true;
  if (taken.source.kind === 'stream') taken.source = { kind: 'stream', stream: passOn(taken) };
  return taken;
}

/** Streams section 9.3, "create a proxy": the given request's stream is locked, ours is fresh. */
const passOn = (body: Body): ReadableStream =>
  streamOf(body).pipeThrough(new (streamPart.use().TransformStream)());

function newBody(given: BodyInit, init: Partial<RequestInit>, list: HeaderList): Body {
  const { body, type } = extractBody(given);
  if (body.source.kind === 'stream' && init.duplex !== 'half') {
    throw new TypeError('Request: a body that is a stream needs "duplex": "half".');
  }
  if (type !== null && getHeader(list, 'content-type') === null) arrayPush(list, ['content-type', type]);
  return body;
}

const isRequest = (value: unknown): value is Request => isObject(value) && isHere(value);
export const requestState = (request: Request): RequestState => stateOf(request);

/** The request that triggered a run; the gateway has checked its parts. */
export function requestFromHost(parts: {
  readonly method: string;
  readonly url: string;
  readonly headersText: string;
  readonly body: string | PulledBody | null;
  readonly run: BoundRun;
}): Request {
  const { body, run } = parts;
  return wrap({
    ...HOLLOW_STATE,
    method: parts.method,
    url: parts.url,
    list: null,
    headersText: parts.headersText,
    run,
    body: body === null ? null : typeof body === 'string' ? binaryBody(body) : pulledBody(body),
  });
}

defineInterface(Request, 'Request', { constructor: 1 });
mixInBody(Request.prototype, (self): BodyHolder => {
  const state = stateOf(self as Request);
  return { body: state.body, contentType: () => getHeader(headerListOf(state), 'content-type') };
});
