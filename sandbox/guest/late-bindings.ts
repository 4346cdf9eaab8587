/** What the web APIs stand on; every member reaches the bridge only when it is called, never at evaluation. */
import type { GuestBindings } from './bindings.ts';
import { POST } from './bridge.ts';
import { performCrypto } from './crypto-calls.ts';
import { watchRun, type GuestRun } from './host.ts';
import { post } from './post.ts';
import { sendFetch } from './sent-call.ts';
import { clearTimer, setTimer } from './timers.ts';

const { now } = Date;
const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 } as const;

export const bindings: GuestBindings = {
  setTimer,
  clearTimer,
  now: () => now(),
  randomBytes: (count) => String(post(POST.randomBytes, 0, count) ?? ''),
  domainToAscii: (domain) => String(post(POST.domainToAscii, 0, domain) ?? ''),
  part: (name) => String(post(POST.part, 0, name) ?? ''),
  log: (level, text) => {
    post(POST.log, 0, LEVELS[level], text);
  },
  crypto: performCrypto,
  fetch: sendFetch,
  onCallerGone: (run, abort) => watchRun(run as GuestRun, abort),
};
