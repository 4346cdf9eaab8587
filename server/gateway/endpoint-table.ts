/** The endpoints of one plugin, ready to be matched: Hono's own routers over the paths of the manifest. */
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { SmartRouter } from 'hono/router/smart-router';
import { TrieRouter } from 'hono/router/trie-router';
import { compileGuestSchema, type GuestValidator } from '../../spec/guest-validator.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Access, Endpoint } from '../../spec/manifest.ts';
import { HTTP_METHODS } from '../../spec/permission.ts';

export type MatchedEndpoint = {
  readonly access: Access;
  readonly checkRequest: GuestValidator | null;
  readonly checkResponse: GuestValidator | null;
};

export type EndpointMatch =
  | { readonly kind: 'endpoint'; readonly endpoint: MatchedEndpoint }
  | { readonly kind: 'otherMethods'; readonly allow: readonly string[] }
  | { readonly kind: 'none' };

/** @returns a function from method and path (with leading slash) to the first endpoint that was declared for them */
export function compileEndpoints(
  endpoints: readonly Endpoint[],
): (method: string, path: string) => EndpointMatch {
  const router = new SmartRouter<MatchedEndpoint>({ routers: [new RegExpRouter(), new TrieRouter()] });
  for (const endpoint of endpoints) router.add(endpoint.method, endpoint.path, compileEndpoint(endpoint));
  const find = (method: string, path: string): MatchedEndpoint | undefined =>
    router.match(method, path)[0][0]?.[0];
  // A GET endpoint answers HEAD as well (RFC 9110, section 9.3.2).
  const answering = (method: string, path: string): MatchedEndpoint | undefined =>
    find(method, path) ?? (method === 'HEAD' ? find('GET', path) : undefined);
  return (method, path) => {
    if (endpoints.length === 0) return { kind: 'none' };
    const endpoint = answering(method, path);
    if (endpoint) return { kind: 'endpoint', endpoint };
    const allow = HTTP_METHODS.filter((other) => answering(other, path) !== undefined);
    return allow.length > 0 ? { kind: 'otherMethods', allow } : { kind: 'none' };
  };
}

function compileEndpoint(endpoint: Endpoint): MatchedEndpoint {
  return {
    access: endpoint.access ?? 'member',
    checkRequest: endpoint.request ? checkLater(endpoint.request) : null,
    checkResponse: endpoint.response ? checkLater(endpoint.response) : null,
  };
}

/** Compiled with the first value: a call pays for the schemas of its own endpoint, not for those of all others. */
function checkLater(schema: JsonObject): GuestValidator {
  let check: GuestValidator | undefined;
  return (value) => {
    check ??= compileGuestSchema(schema);
    return check(value);
  };
}
