/** `host.plugins.call(id, path, init)`: what `fetch` is to the world, to an endpoint of another plugin. */
import type { BoundCall, BoundRequest, BoundResponse } from './bindings.ts';
import { callSite, type CallSite } from './error-text.ts';
import { promiseThen, stringIndexOf, stringSlice, TypeErrorConstructor } from './primordials.ts';
import { fetchThrough } from './web/index.ts';

/** Stands for the other plugin while a request is made; it never leaves the isolate. */
const ORIGIN = 'http://plugin';

type Answer = Pick<BoundResponse, 'status' | 'headers' | 'body'>;

/** Which call an answer belongs to, filled in when it has been sent; and where the guest has made it. */
export type SentCall = { run: number; call: number; readonly site: CallSite };

/**
 * @param send the host service, which takes the id, the path, and the rest of the request
 * @param giveUp what becomes of a call whose signal was aborted
 */
export function pluginCall(
  send: (sent: SentCall, args: unknown[]) => Promise<unknown>,
  giveUp: (sent: SentCall, reason: unknown) => void,
): (id: string, path: string, init?: unknown) => Promise<unknown> {
  return (id, path, init) => {
    const site = callSite();
    if (typeof path !== 'string' || stringIndexOf(path, '/') !== 0)
      throw new TypeErrorConstructor('the path of host.plugins.call begins with a slash');
    const carrier = ({ method, url, headers, body }: BoundRequest): BoundCall => {
      const sent: SentCall = { run: 0, call: 0, site };
      const args = [id, stringSlice(url, ORIGIN.length), { method, headers, body }];
      const answer = promiseThen(send(sent, args) as Promise<Answer>, (answered): BoundResponse => ({
        ...answered,
        statusText: '',
        url: '',
        redirected: false,
      }));
      return { answer, abort: (reason) => giveUp(sent, reason) };
    };
    return fetchThrough(carrier, ORIGIN + path, init);
  };
}
