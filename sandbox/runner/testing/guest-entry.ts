/** The smallest guest runtime: the web APIs on a bridge of strings, bound after the startup snapshot was made. */
import { installWebApi, makeRequest, readResponse } from '../../guest/web/index.ts';
import type { BoundRequest, BoundResponse } from '../../guest/bindings.ts';

type Post = (kind: string, id: number, text: string) => string | number;
type Settle = { resolve(text: string): void; reject(error: unknown): void };

let post: Post;
let lastId = 0;
const timers = new Map<number, () => void>();
const pending = new Map<number, Settle>();

function ask(kind: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    lastId += 1;
    pending.set(lastId, { resolve, reject });
    post(kind, lastId, text);
  });
}

installWebApi({
  setTimer(delayMs, callback) {
    lastId += 1;
    timers.set(lastId, callback);
    post('timer', lastId, String(delayMs));
    return lastId;
  },
  clearTimer: (id) => void timers.delete(id),
  now: () => Date.now(),
  randomBytes: (count) => String(post('random', count, '')),
  domainToAscii: (domain) => String(post('domain', 0, domain)),
  part: (name) => String(post('part', 0, name)),
  log: (level, text) => void post('log', 0, `${level} ${text}`),
  crypto: (operation, json) => ask('crypto', JSON.stringify([operation, json])),
  fetch: (request: BoundRequest) => ({
    answer: ask('fetch', JSON.stringify(request)).then((text) => JSON.parse(text) as BoundResponse),
    abort: () => undefined,
  }),
  onCallerGone: () => undefined,
});

function deliver(kind: string, id: number, text: string): void {
  if (kind === 'timer') {
    const callback = timers.get(id);
    timers.delete(id);
    return callback?.();
  }
  const settle = pending.get(id);
  pending.delete(id);
  if (kind === 'failed') settle?.reject(new TypeError(text));
  else settle?.resolve(text);
}

Object.defineProperty(globalThis, 'boot', {
  configurable: true,
  value: (callback: Post) => {
    for (const name of ['boot', 'WebAssembly', 'SharedArrayBuffer', 'Atomics'])
      Reflect.deleteProperty(globalThis, name);
    post = callback;
    return deliver;
  },
});
Object.defineProperty(globalThis, 'testing', { configurable: true, value: { makeRequest, readResponse } });
