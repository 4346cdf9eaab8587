/** `host.plugins.call(id, path, init)`: what `fetch` is to the world, to an endpoint of another plugin. */
import type { BoundRequest, BoundResponse } from './bindings.ts';
import { stringIndexOf, stringSlice, TypeErrorConstructor } from './primordials.ts';
import { fetchThrough } from './web/index.ts';

/** Stands for the other plugin while a request is made; it never leaves the isolate. */
const ORIGIN = 'http://plugin';

type Answer = Pick<BoundResponse, 'status' | 'headers' | 'body'>;

/** @param call the host service, which takes the id, the path, and the rest of the request */
export function pluginCall(
  call: (id: string, path: string, rest: object) => Promise<unknown>,
): (id: string, path: string, init?: unknown) => Promise<unknown> {
  return (id, path, init) => {
    if (typeof path !== 'string' || stringIndexOf(path, '/') !== 0)
      throw new TypeErrorConstructor('the path of host.plugins.call begins with a slash');
    const carrier = async ({ method, url, headers, body }: BoundRequest): Promise<BoundResponse> => {
      const rest = { method, headers, body };
      const answer = (await call(id, stringSlice(url, ORIGIN.length), rest)) as Answer;
      return { ...answer, statusText: '', url: '', redirected: false };
    };
    return fetchThrough(carrier, ORIGIN + path, init);
  };
}
