/** What the tests of the sandbox hand it: packages from literals, a kv in memory, and an observer that remembers. */
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import type {
  Capability,
  Completion,
  Guest,
  Invocation,
  SandboxObserver,
  Trigger,
  TrustTier,
} from '../ports.ts';
import type { SandboxOptions } from '../supervisor/sandbox.ts';

export type LoggedLine = { readonly level: string; readonly text: string; readonly requestId: string | null };

export type TestBed = {
  readonly options: SandboxOptions;
  readonly lines: LoggedLine[];
  readonly denied: string[];
  /** Capabilities that failed for a reason of the host's. */
  readonly failed: string[];
  readonly ended: { readonly pid: number; readonly why: string; readonly blamed: readonly string[] }[];
  guest(files: Record<string, string>, changes?: Partial<Guest>): Guest;
  invoke(guest: Guest, trigger: Trigger): Invocation;
  get(guest: Guest, url?: string): Invocation;
  post(guest: Guest, json: JsonValue): Invocation;
  read(completion: Completion): { status: number; json: unknown };
};

export function createTestBed(tier: TrustTier = 'reviewed'): TestBed {
  const packages = new Map<string, ReadonlyMap<string, Uint8Array>>();
  const lines: LoggedLine[] = [];
  const denied: string[] = [];
  const failed: string[] = [];
  const ended: TestBed['ended'] = [];
  const observer = rememberingObserver(lines, denied, failed, ended);
  const guest = (files: Record<string, string>, changes: Partial<Guest> = {}): Guest => {
    const digest = `digest-${packages.size}`;
    packages.set(digest, new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])));
    return {
      installationId: `installation-${packages.size}`,
      org: { id: 'org-1', slug: 'kampung' },
      plugin: { id: 'kelompok/example', version: '1.0.0' },
      digest,
      main: 'index.js',
      tier,
      grants: [{ name: 'kv' }],
      revision: '1',
      config: { greeting: 'halo' },
      dependencies: [],
      ...changes,
    };
  };
  let lastRequest = 0;
  const invoke = (forGuest: Guest, trigger: Trigger): Invocation => ({
    guest: forGuest,
    trigger,
    caller: { kind: 'anonymous' },
    requestId: `request-${++lastRequest}`,
  });
  return {
    options: {
      packages: { files: async (digest) => packages.get(digest) },
      capabilities: memoryKv(),
      observer,
    },
    lines,
    denied,
    failed,
    ended,
    guest,
    invoke,
    get: (forGuest, url = 'https://souk.test/hello') =>
      invoke(forGuest, { kind: 'endpoint', request: { method: 'GET', url, headers: [], body: null } }),
    post: (forGuest, json) =>
      invoke(forGuest, {
        kind: 'endpoint',
        request: {
          method: 'POST',
          url: 'https://souk.test/hello',
          headers: [['content-type', 'application/json']],
          body: Buffer.from(JSON.stringify(json)),
        },
      }),
    read: readJson,
  };
}

function rememberingObserver(
  lines: LoggedLine[],
  denied: string[],
  failed: string[],
  ended: TestBed['ended'],
): SandboxObserver {
  return {
    runEnded: () => {},
    spentAfterEnd: () => {},
    guestLogged: (_guest, entry) => lines.push(entry),
    callDenied: (_guest, capability) => denied.push(capability),
    callFailed: (_guest, capability) => failed.push(capability),
    runnerEnded: ({ pid }, why, blamed) =>
      ended.push({ pid, why, blamed: blamed.map((guest) => guest.installationId) }),
  };
}

function readJson(completion: Completion): { status: number; json: unknown } {
  if (completion.outcome !== 'ok' || completion.response === null)
    return { status: 0, json: { ...completion, usage: undefined } };
  const { status, body } = completion.response;
  return {
    status,
    json: !(body instanceof Uint8Array) ? null : JSON.parse(Buffer.from(body).toString('utf8')),
  };
}

/** A kv of the real shape, one for each installation. */
function memoryKv(): Capability[] {
  const stores = new Map<string, Map<string, JsonValue>>();
  const storeOf = (installationId: string): Map<string, JsonValue> => {
    const store = stores.get(installationId) ?? new Map<string, JsonValue>();
    stores.set(installationId, store);
    return store;
  };
  const schema = (properties: JsonObject): JsonObject => ({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  });
  return [
    {
      name: 'kv.get',
      parameters: ['key'],
      argumentSchema: schema({ key: { type: 'string' } }),
      requires: () => ({ name: 'kv' }),
      act: async ({ key }, { guest }) => storeOf(guest.installationId).get(String(key)) ?? null,
    },
    {
      name: 'kv.set',
      parameters: ['key', 'value'],
      argumentSchema: schema({ key: { type: 'string' }, value: {} }),
      requires: () => ({ name: 'kv' }),
      act: async ({ key, value }, { guest }) => {
        storeOf(guest.installationId).set(String(key), value ?? null);
        return null;
      },
    },
  ];
}
