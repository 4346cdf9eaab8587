/** Where a redirect leads, and what goes along (Fetch, section 4.4, HTTP-redirect fetch). */
import { Refusal } from '../refusal.ts';
import type { Hop } from './hop.ts';
import { egressFailed } from './failure.ts';
import { withoutBodyFields } from './headers.ts';
import { parseTarget, type Target } from './target.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** @returns whether the status sends the client elsewhere */
export function isRedirect(status: number, location: string | null): location is string {
  return REDIRECTS.has(status) && location !== null;
}

/**
 * @returns the request that follows; whether it may be made is judged as for the first
 * @throws Refusal `egress_failed` for a location that no request can go to
 */
export function redirected(hop: Hop, status: number, location: string): Hop {
  const target = locate(location, hop.target);
  const carried = target.origin === hop.target.origin ? hop.headers : hop.portable;
  if (!becomesGet(status, hop.method)) return { ...hop, target, headers: carried };
  const portable = withoutBodyFields(hop.portable);
  return { method: 'GET', target, headers: withoutBodyFields(carried), portable, body: null };
}

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

function locate(location: string, base: Target): Target {
  if (/[\p{Cc}\s\\]/u.test(location) || !URL.canParse(location, base.href)) throw egressFailed('redirect');
  try {
    return parseTarget(new URL(location, base).href);
  } catch (error) {
    // Which of its rules a location broke is the stranger's doing, not the plugin's.
    throw error instanceof Refusal ? egressFailed('redirect') : error;
  }
}
