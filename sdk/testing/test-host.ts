/**
 * A host for unit tests of plugins: `host` as a server gives it, with data in memory, and the same checks, denials and
 * limits on its calls. The plugin itself runs in the test's own process: processor time and memory are not limited.
 *
 * ```ts
 * const souk = createTestHost({ manifest, config: { greeting: 'Halo' } });
 * const answer = await souk.fetch(plugin, '/hello/Ada');
 * ```
 */
import { checkRequestBody, responseFault } from '../../spec/endpoint-body.ts';
import { requireDeclaredEndpoint } from '../../spec/endpoint-match.ts';
import { compileGuestSchema } from '../../spec/guest-schema.ts';
import { kvCapabilities } from '../../spec/host/kv.ts';
import { secretCapabilities } from '../../spec/host/secrets.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { RUN_LIMITS } from '../../spec/limits.ts';
import { parseManifest, type Endpoint, type Manifest } from '../../spec/manifest.ts';
import type { PermissionName } from '../../spec/permission.ts';
import { effectiveConfig, requireFittingConfig } from '../../spec/plugin-config.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Caller, Host, Plugin } from '../index.ts';
import { createMemoryKeyValueStore } from './memory-kv.ts';
import { openRun, type LoggedLine, type Surroundings } from './host-object.ts';

export type TestHostOptions = {
  /** The content of manifest.json. */
  readonly manifest: unknown;
  /** The organization's layer of the configuration. */
  readonly config?: JsonObject;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Permissions that are not granted, though the manifest asks for them. */
  readonly deny?: readonly PermissionName[];
  /** Who calls; an owner where absent. */
  readonly caller?: Caller;
  /** What other plugins of the organization answer, by id. */
  readonly plugins?: Readonly<Record<string, (request: Request) => Response | Promise<Response>>>;
  /** Milliseconds since 1970, for values that end. */
  readonly nowMs?: () => number;
};

/** A handler that a test calls with a host of its own run. */
export type TestHost = {
  /**
   * Sends a request to an endpoint that the manifest declares.
   * @param path with its leading slash, below the plugin's own address
   * @throws what the plugin threw; Refusal where the manifest has no such endpoint or the body breaks its schema
   */
  fetch(plugin: Plugin, path: string, init?: RequestInit): Promise<Response>;
  /** Runs any handler, such as `(host) => plugin.health(host)`. @returns its answer as JSON */
  run(handler: (host: Host) => unknown): Promise<JsonValue>;
  /** What has been logged, oldest first. */
  readonly lines: readonly LoggedLine[];
  /** The key-value data, by key. */
  values(): ReadonlyMap<string, JsonValue>;
};

const NAMESPACE = { orgId: 'test', installationId: 'test' };

/** @throws Refusal `manifest_*` or `config_invalid` */
export function createTestHost(options: TestHostOptions): TestHost {
  const manifest = parseManifest(Buffer.from(JSON.stringify(options.manifest)));
  const config = effectiveConfig(manifest, {}, options.config ?? {});
  requireFittingConfig(manifest.id, manifest, config);
  const values = createMemoryKeyValueStore(options.nowMs);
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  const lines: LoggedLine[] = [];
  const around: Surroundings = {
    manifest,
    config,
    grants: (manifest.permissions ?? []).filter(({ name }) => !options.deny?.includes(name)),
    caller: options.caller ?? { kind: 'user', id: 'test', role: 'owner' },
    plugins: new Map(Object.entries(options.plugins ?? {})),
    capabilities: [
      ...kvCapabilities(values),
      ...secretCapabilities({ read: async (_owner, name) => secrets.get(name) ?? null }),
    ],
    context: { guest: { installationId: NAMESPACE.installationId, org: { id: NAMESPACE.orgId } } },
    log: (line) => void lines.push(line),
  };
  return {
    fetch: (plugin, path, init) =>
      callEndpoint(around, plugin, new Request(`http://test.invalid${path}`, init)),
    run: async (handler) => {
      const run = openRun(around);
      try {
        return copyOf(await handler(run.host));
      } finally {
        run.end();
      }
    },
    lines,
    values: () => new Map(values.snapshot(NAMESPACE).map(({ key, value }) => [key, value])),
  };
}

function copyOf(value: unknown): JsonValue {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value) ?? 'null') as JsonValue);
}

async function callEndpoint(around: Surroundings, plugin: Plugin, request: Request): Promise<Response> {
  const { manifest } = around;
  const endpoint = await requireEndpoint(manifest, request);
  if (!plugin.fetch) throw new Fault('the default export has no fetch');
  const run = openRun(around);
  try {
    const answer = await plugin.fetch(request, run.host);
    return await requireFittingAnswer(endpoint, answer);
  } finally {
    run.end();
  }
}

async function requireEndpoint(manifest: Manifest, request: Request): Promise<Endpoint> {
  const declared = { id: manifest.id, endpoints: manifest.contributes?.endpoints ?? [] };
  const endpoint = requireDeclaredEndpoint(declared, request.method, new URL(request.url).pathname);
  if (!endpoint.request) return endpoint;
  const body = new Uint8Array(await request.clone().arrayBuffer());
  checkRequestBody(compileGuestSchema(endpoint.request), request.headers.get('content-type'), body);
  return endpoint;
}

async function requireFittingAnswer({ response }: Endpoint, answer: unknown): Promise<Response> {
  if (!(answer instanceof Response)) throw new TypeError('the plugin answered something that is no Response');
  const body = new Uint8Array(await answer.clone().arrayBuffer());
  const { responseBytesMax } = RUN_LIMITS.endpoint;
  if (body.byteLength > responseBytesMax && response)
    throw new RangeError(`the response has more than ${responseBytesMax} bytes`);
  const fault = response && answer.status < 300 ? responseFault(compileGuestSchema(response), body) : null;
  if (fault !== null) throw new TypeError(`the answer breaks the response schema: ${fault}`);
  return answer;
}
