/**
 * Which endpoint of a manifest a request means, without a router: for the tools of authors, which have few requests.
 * The gateway compiles the same endpoints into a router; a test holds the two against each other.
 */
import type { Endpoint } from './manifest.ts';
import { HTTP_METHODS } from './permission.ts';
import { Refusal } from './refusal.ts';

/**
 * @param method in upper case
 * @param pathname with its leading slash, below the plugin's own address
 * @returns the first endpoint that was declared for them
 * @throws Refusal `endpoint_not_found` or `method_not_allowed`
 */
export function requireDeclaredEndpoint(
  plugin: { readonly id: string; readonly endpoints: readonly Endpoint[] },
  method: string,
  pathname: string,
): Endpoint {
  const find = (wanted: string): Endpoint | undefined =>
    plugin.endpoints.find((endpoint) => endpoint.method === wanted && matchesPath(endpoint.path, pathname));
  // A GET endpoint answers HEAD as well (RFC 9110, section 9.3.2).
  const answering = (wanted: string): Endpoint | undefined =>
    find(wanted) ?? (wanted === 'HEAD' ? find('GET') : undefined);
  const endpoint = answering(method);
  if (endpoint) return endpoint;
  const allow = HTTP_METHODS.filter((other) => answering(other) !== undefined);
  if (allow.length === 0)
    throw new Refusal('endpoint_not_found', { detail: `${plugin.id} declares no endpoint for this path.` });
  throw new Refusal('method_not_allowed', {
    detail: `${plugin.id} does not take ${method} here.`,
    extensions: { allow: allow.join(', ') },
  });
}

/** `/a/:b` takes one segment that is not empty for each parameter; `/a/*` takes `/a` and all that lies below. */
export function matchesPath(pattern: string, pathname: string): boolean {
  const wanted = pattern.split('/');
  const found = pathname.split('/');
  const isOpen = wanted.at(-1) === '*';
  if (isOpen) wanted.pop();
  if (isOpen ? found.length < wanted.length : found.length !== wanted.length) return false;
  return wanted.every((segment, index) =>
    segment.startsWith(':') ? found[index] !== '' : segment === found[index],
  );
}
