/** What the web APIs stand on; every member reaches the bridge only when it is called, never at evaluation. */
import type { BoundRequest, BoundResponse, GuestBindings } from './bindings.ts';
import { POST } from './bridge.ts';
import { performCrypto } from './crypto-calls.ts';
import { callService } from './host.ts';
import { post } from './post.ts';
import { clearTimer, setTimer } from './timers.ts';

const { now } = Date;
const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 } as const;
/** The broker has the true limit; this one only bounds what is turned into text here. */
const FETCH_CHARS_MAX = 1_048_576;

export const bindings: GuestBindings = {
  setTimer,
  clearTimer,
  now: () => now(),
  randomBytes: (count) => String(post(POST.randomBytes, 0, count) ?? ''),
  domainToAscii: (domain) => String(post(POST.domainToAscii, 0, domain) ?? ''),
  log: (level, text) => {
    post(POST.log, 0, LEVELS[level], text);
  },
  crypto: performCrypto,
  fetch: (request: BoundRequest) =>
    callService(
      0,
      { name: 'http.fetch', parameters: [] },
      [request],
      FETCH_CHARS_MAX,
    ) as Promise<BoundResponse>,
};
