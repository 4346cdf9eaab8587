/** A server process with an organization, publishers and keys, and the few calls of its API that the benches need. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../cli/main.ts';
import { parsePrivateKeyFile, type PrivateKey } from '../signing/index.ts';
import type { JsonObject, JsonValue } from '../spec/json.ts';
import type { PluginId } from '../spec/plugin-id.ts';
import { Fault } from '../spec/refusal.ts';
import { startSouk, type SoukProcess } from '../tests/support/souk-process.ts';
import { packPlugin, signPackage, type PluginSource, type SignedPackage } from './packages.ts';

export const ORG = 'bench';
/** Publishers by the trust that the server puts in them. */
export const TRUSTED = 'house';
export const REVIEWED = 'guild';

export type Marketplace = {
  readonly souk: SoukProcess;
  readonly orgId: string;
  readonly keys: ReadonlyMap<string, PrivateKey>;
  /** @throws Fault for any answer but success */
  api(method: string, path: string, body?: JsonValue): Promise<JsonObject>;
  upload(path: string, upload: { archive: Uint8Array; envelope?: Uint8Array }): Promise<JsonObject>;
  close(): Promise<void>;
};

const ENVIRONMENT = {
  SOUK_TRUSTED_PUBLISHERS: TRUSTED,
  SOUK_WEAK_ISOLATION: 'allow',
  SOUK_LOG_LEVEL: 'info',
};

/** Starts a server on a fresh folder, with the organization and both publishers. */
export async function openMarketplace(environment: Record<string, string> = {}): Promise<Marketplace> {
  const souk = await startSouk({ environment: { ...ENVIRONMENT, ...environment } });
  const api = apiOf(souk);
  const { id } = await api('POST', '/api/v1/orgs', { slug: ORG, name: 'Bench' });
  await api('PATCH', `/api/v1/orgs/${ORG}`, { unsignedPackages: 'allow' });
  const keys = await registerKeys(souk, api);
  return marketplaceOf(souk, String(id), keys);
}

/** Stops the server and starts it again on the same folder: nothing is loaded, and everything is installed. */
export async function restart(before: Marketplace): Promise<Marketplace> {
  const { dataDir } = before.souk;
  await before.souk.stop();
  return marketplaceOf(await startSouk({ dataDir, environment: ENVIRONMENT }), before.orgId, before.keys);
}

function marketplaceOf(souk: SoukProcess, orgId: string, keys: ReadonlyMap<string, PrivateKey>): Marketplace {
  return {
    souk,
    orgId,
    keys,
    api: apiOf(souk),
    upload: (path, upload) => call(souk, 'POST', path, { body: formOf(upload) }),
    close: async () => {
      await souk.stop();
      await rm(souk.dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function apiOf(souk: SoukProcess): Marketplace['api'] {
  return (method, path, body) =>
    call(
      souk,
      method,
      path,
      body === undefined ? {} : { body: JSON.stringify(body), type: 'application/json' },
    );
}

async function call(
  souk: SoukProcess,
  method: string,
  path: string,
  { body, type }: { body?: string | FormData; type?: string },
): Promise<JsonObject> {
  const headers = { authorization: `Bearer ${souk.adminToken}`, ...(type ? { 'content-type': type } : {}) };
  const response = await fetch(`${souk.url}${path}`, { method, headers, ...(body ? { body } : {}) });
  const text = await response.text();
  if (!response.ok) throw new Fault(`${method} ${path} answered ${response.status}: ${text}`);
  return (text === '' ? {} : JSON.parse(text)) as JsonObject;
}

export function formOf({ archive, envelope }: { archive: Uint8Array; envelope?: Uint8Array }): FormData {
  const form = new FormData();
  form.set('archive', new Blob([new Uint8Array(archive)]), 'archive');
  if (envelope) form.set('envelope', new Blob([new Uint8Array(envelope)]), 'envelope');
  return form;
}

/** With the command line, as an author does it. */
async function registerKeys(souk: SoukProcess, api: Marketplace['api']): Promise<Map<string, PrivateKey>> {
  const folder = await mkdtemp(join(tmpdir(), 'souk-bench-keys-'));
  const environment = { SOUK_URL: souk.url, SOUK_TOKEN: souk.adminToken };
  const keys = new Map<string, PrivateKey>();
  for (const publisher of [TRUSTED, REVIEWED]) {
    await api('POST', `/api/v1/orgs/${ORG}/publishers`, { name: publisher });
    await command(folder, environment, ['keygen', publisher]);
    await command(folder, environment, ['keys', 'register', publisher, '--root', `${publisher}.key`]);
    keys.set(publisher, parsePrivateKeyFile(await readFile(join(folder, `${publisher}.key`))));
  }
  await rm(folder, { recursive: true });
  return keys;
}

async function command(cwd: string, environment: Record<string, string>, argv: string[]): Promise<void> {
  let said = '';
  const write = (text: string): void => void (said += text);
  const readIn = async (): Promise<string> => '';
  const exitCode = await run(argv, { cwd, environment, readIn, writeOut: write, writeError: write });
  if (exitCode !== 0) throw new Fault(`souk ${argv.join(' ')} ended with ${exitCode}: ${said}`);
}

/** A signed package of a publisher whose key the marketplace has. */
export function signedPlugin(
  market: Marketplace,
  id: PluginId,
  version: string,
  source: PluginSource,
): SignedPackage {
  const [publisher = ''] = id.split('/');
  const key = market.keys.get(publisher);
  if (!key) throw new Fault(`${publisher} has no key here`);
  return signPackage(packPlugin(id, version, source), id, version, key);
}

/** Publishes, plans, consents to everything, installs and activates. */
export async function installPlugin(
  market: Marketplace,
  id: PluginId,
  source: PluginSource,
  org = ORG,
): Promise<void> {
  await market.upload('/api/v1/packages', signedPlugin(market, id, '1.0.0', source));
  await installPublished(market, id, source, org);
}

/** The same for a package without a signature, from the private registry of the organization. */
export async function installUnsigned(
  market: Marketplace,
  id: PluginId,
  source: PluginSource,
): Promise<void> {
  await market.upload(`/api/v1/orgs/${ORG}/packages`, { archive: packPlugin(id, '1.0.0', source) });
  await installPublished(market, id, source, ORG);
}

async function installPublished(
  market: Marketplace,
  id: PluginId,
  source: PluginSource,
  org: string,
): Promise<void> {
  const plan = await market.api('POST', `/api/v1/orgs/${org}/plans`, { kind: 'install', plugin: id });
  const grants = (source.permissions ?? []).map(({ reason: _reason, ...permission }) => ({
    plugin: id,
    permission,
  }));
  await market.api('POST', `/api/v1/orgs/${org}/installations`, {
    plan: plan['id'] ?? '',
    consent: { grants },
  });
  await market.api('POST', `/api/v1/orgs/${org}/plugins/${id}/activate`, {});
}

export async function installationIdOf(market: Marketplace, id: PluginId): Promise<string> {
  const { id: installation } = await market.api('GET', `/api/v1/orgs/${ORG}/plugins/${id}`);
  return String(installation);
}

/** The folder of the socket of the built-in PostgreSQL: the fifth line of its pid file. */
export async function socketFolderOf(market: Marketplace): Promise<string> {
  const file = join(market.souk.dataDir, 'embedded', 'cluster', 'postmaster.pid');
  return (await readFile(file, 'utf8')).split('\n')[4] ?? '';
}
