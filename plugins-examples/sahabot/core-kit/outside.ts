/** Requests to platforms outside. Their refusals get the codes that `race-room@1` and its like have. */
import { isDenied, messageOf, Problem } from './problem.ts';

/**
 * @param platform as people know it
 * @throws Problem `platform_unavailable` where one may ask again, `not_found`, or `platform_refused`
 */
export async function askOutside(platform: string, url: URL, init: RequestInit = {}): Promise<Response> {
  const answer = await send(platform, url, init);
  if (answer.ok || (init.redirect === 'manual' && answer.status >= 300 && answer.status < 400)) return answer;
  // RFC 6585 section 4: 429 may say when to come again; RFC 9110 section 15.6 has the failures of servers.
  if (answer.status === 429 || answer.status >= 500) {
    const wait = answer.headers.get('retry-after');
    const when = wait === null ? 'later' : `in ${wait} s`;
    throw new Problem(
      503,
      'platform_unavailable',
      `${platform} answered ${answer.status}; ask again ${when}.`,
    );
  }
  const said = (await answer.text()).slice(0, 200);
  if (answer.status === 404) throw new Problem(404, 'not_found', `${platform} does not have it: ${said}`);
  throw new Problem(422, 'platform_refused', `${platform} answered ${answer.status}: ${said}`);
}

async function send(platform: string, url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (isDenied(error)) throw error;
    throw new Problem(503, 'platform_unavailable', `${platform} could not be reached: ${messageOf(error)}`);
  }
}

/** An address below the configured one, whatever path that has. */
export function addressOf(base: string, path: string): URL {
  return new URL(base.replace(/\/+$/u, '') + path);
}
