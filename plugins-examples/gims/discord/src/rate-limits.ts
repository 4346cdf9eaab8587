/**
 * Discord's rate limits, as its page "Rate Limits" describes them: limits hold per route and its major parameter
 * (channel or guild), `X-RateLimit-Remaining` and `X-RateLimit-Reset-After` tell what is left, and 429 says in
 * `retry_after` how long to wait, for all routes where `global` is set. A request that would be refused is not sent:
 * Discord bans addresses that keep sending them.
 */

/** A pause that is too short to count down is taken for this long. */
const PAUSE_MS_MIN = 50;
/** Pauses that are kept; over ones go first. */
const PAUSES_MAX = 500;

export type RateLimits = {
  /** @returns milliseconds to wait before the route may be asked */
  waitMsFor(route: string): number;
  /** Keeps what an answer says. @returns milliseconds to wait where it was refused for now, else 0 */
  learn(route: string, answer: Pick<Response, 'status' | 'headers'>, body: unknown): number;
};

export function openRateLimits(nowMs: () => number = Date.now): RateLimits {
  const freeAtMs = new Map<string, number>();
  const EVERYWHERE = '';
  const pause = (route: string, delayMs: number): void => {
    if (freeAtMs.size >= PAUSES_MAX) forget(freeAtMs, nowMs());
    freeAtMs.set(route, nowMs() + delayMs);
  };
  return {
    waitMsFor: (route) =>
      Math.max(0, ...[route, EVERYWHERE].map((key) => (freeAtMs.get(key) ?? 0) - nowMs())),
    learn: (route, { status, headers }, body) => {
      if (status === 429) {
        const delayMs = retryAfterMs(headers, body);
        pause(isGlobal(headers, body) ? EVERYWHERE : route, delayMs);
        return delayMs;
      }
      const resetAfterMs = Number(headers.get('x-ratelimit-reset-after')) * 1_000;
      if (headers.get('x-ratelimit-remaining') === '0' && resetAfterMs > 0) pause(route, resetAfterMs);
      return 0;
    },
  };
}

/** Where nothing over can be forgotten, everything is: the next 429 says it again. */
function forget(freeAtMs: Map<string, number>, nowMs: number): void {
  for (const [route, atMs] of freeAtMs) if (atMs <= nowMs) freeAtMs.delete(route);
  if (freeAtMs.size >= PAUSES_MAX) freeAtMs.clear();
}

/** The body counts in fractions of a second; Discord's edge answers without it, with the header alone. */
function retryAfterMs(headers: Headers, body: unknown): number {
  const inBody = Number((body as { retry_after?: unknown } | null)?.retry_after);
  const seconds = inBody >= 0 ? inBody : Number(headers.get('retry-after') ?? 1);
  return Math.max(PAUSE_MS_MIN, Number.isFinite(seconds) ? seconds * 1_000 : 1_000);
}

function isGlobal(headers: Headers, body: unknown): boolean {
  return headers.get('x-ratelimit-global') === 'true' || (body as { global?: unknown })?.global === true;
}

/** The route of a path: ids below the first are all one, which is how Discord counts. */
export function routeOf(method: string, path: string): string {
  const [place = ''] = path.split('?');
  const parts = place.split('/').map((part, index) => (index > 2 && /^\d+$/u.test(part) ? ':id' : part));
  return `${method} ${parts.join('/')}`;
}
