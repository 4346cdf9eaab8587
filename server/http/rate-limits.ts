/**
 * How often one client may ask. Counted in the memory of each server, for it happens before every request and a
 * database is what it protects: several servers together let as many times more pass.
 *
 * A client is a token, or without one an address. What is counted by address is only as good as `proxyHops`: with it
 * wrong, everybody behind a proxy is one client, or a client chooses its address itself.
 */
import { isIPv6 } from 'node:net';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Principal } from '../../identity/index.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';

const WINDOW_SECONDS = 60;

/** `unlimited`: health, metrics, and bytes that never change and cost what the network costs. */
export type RateClass = 'read' | 'write' | 'unlimited';

/** What is said of a route: a class of its own, or that of its method. */
export type Rated = { readonly method: string; readonly rate?: RateClass };

export type RateSettings = {
  /** Zero lets every request pass. */
  readonly readsPerMinuteMax: number;
  readonly writesPerMinuteMax: number;
};

export type RateLimits = {
  /**
   * @param orgId whose route it is, where it is one of an organization: that may have limits of its own
   * @throws Refusal `rate_limited`
   */
  admit(route: Rated, principal: Principal | null, address: string, orgId?: string): Promise<void>;
  /**
   * Counts a token that was refused: who guesses many learns nothing more. Good tokens from the same address pass, for
   * many people may share it.
   * @throws Refusal `rate_limited`
   */
  countWrongToken(address: string): Promise<void>;
};

/** @param ofOrganization what is in force for an organization now */
export function createRateLimits(
  settings: RateSettings,
  ofOrganization: (orgId: string) => RateSettings = () => settings,
): RateLimits {
  const limiters = { read: limitersOf('read', settings), write: limitersOf('write', settings) };
  const wrongTokens = limiterOf(HTTP_LIMITS.wrongTokensPerMinuteMax);
  return {
    admit: async (route, principal, address, orgId) => {
      const rate = rateClassOf(route);
      if (rate === 'unlimited') return;
      const client = principal ? `token:${principal.tokenId}` : `address:${network(address)}`;
      const own = orgId === undefined ? settings : ofOrganization(orgId);
      const perMinuteMax = perMinuteOf(rate, own);
      // Where nothing was decided for it, an organization is counted with all others.
      if (perMinuteMax === perMinuteOf(rate, settings)) await take(limiters[rate](perMinuteMax), client);
      else await take(limiters[rate](perMinuteMax), `org:${orgId} ${client}`);
    },
    countWrongToken: (address) => take(wrongTokens, network(address)),
  };
}

function perMinuteOf(rate: 'read' | 'write', settings: RateSettings): number {
  return rate === 'read' ? settings.readsPerMinuteMax : settings.writesPerMinuteMax;
}

/** One for each limit that administrators decided, made when it is first in force. */
function limitersOf(
  rate: 'read' | 'write',
  settings: RateSettings,
): (perMinuteMax: number) => RateLimiterMemory | null {
  const usual = limiterOf(perMinuteOf(rate, settings));
  const others = new Map<number, RateLimiterMemory | null>();
  return (perMinuteMax) => {
    if (perMinuteMax === perMinuteOf(rate, settings)) return usual;
    const known = others.get(perMinuteMax);
    if (known) return known;
    const made = limiterOf(perMinuteMax);
    others.set(perMinuteMax, made);
    return made;
  };
}

/** What a route costs, where it does not say so itself. */
export function rateClassOf({ method, rate }: Rated): RateClass {
  return rate ?? (method === 'GET' || method === 'HEAD' ? 'read' : 'write');
}

/**
 * The address that counts, when `proxyHops` proxies of the operator each append the one they saw: the last entries
 * of `X-Forwarded-For` are theirs, and everything before is whatever the client wrote.
 */
export function clientAddress(peer: string, forwardedFor: string | null, proxyHops: number): string {
  if (proxyHops === 0 || forwardedFor === null) return peer;
  const seen = forwardedFor.split(',').map((entry) => entry.trim());
  return (seen.at(-proxyHops) ?? seen[0] ?? peer).slice(0, 64);
}

/** One subscriber of IPv6 has a /64 at least (RFC 6177, section 2), so that is one client. */
function network(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail === undefined ? [] : tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}

function limiterOf(perMinuteMax: number): RateLimiterMemory | null {
  if (perMinuteMax === 0) return null;
  return new RateLimiterMemory({ points: perMinuteMax, duration: WINDOW_SECONDS });
}

async function take(limiter: RateLimiterMemory | null, client: string): Promise<void> {
  if (!limiter) return;
  try {
    await limiter.consume(client);
  } catch (spent) {
    const { msBeforeNext } = spent as { readonly msBeforeNext: number };
    throw new Refusal('rate_limited', {
      detail: `At most ${limiter.points} of such requests are taken in ${WINDOW_SECONDS} seconds.`,
      extensions: { retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) },
    });
  }
}
