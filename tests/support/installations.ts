/** A database with two organizations, packages put into the catalogue, and a runtime that answers as it is told. */
import { createHash } from 'node:crypto';
import { AUDIT_ENTITIES, type AuditActor, type Database } from '../../database/index.ts';
import { createOrganization, createUser, IDENTITY_ENTITIES } from '../../identity/index.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { splitPluginId, type PluginId } from '../../spec/plugin-id.ts';
import { startTestDatabase, type TestDatabase } from './database.ts';
import {
  PluginEntity,
  PluginVersionEntity,
  REGISTRY_ENTITIES,
  versionOrder,
} from '../../registry/entities/index.ts';
import type {
  Acting,
  Consent,
  Installations,
  Plan,
  PlanRequest,
  RuntimePort,
  RuntimeVerdict,
  SecretsPort,
} from '../../registry/installations/index.ts';
import { INSTALLATION_ENTITIES, openInstallations } from '../../registry/installations/index.ts';

const ENTITIES = [...AUDIT_ENTITIES, ...IDENTITY_ENTITIES, ...REGISTRY_ENTITIES, ...INSTALLATION_ENTITIES];

export type Org = { readonly id: string; readonly slug: string; readonly acting: Acting };

/** A runtime that remembers what it was asked, and fails for the plugins in `failing`. */
export type RecordingRuntime = RuntimePort & {
  readonly calls: string[];
  readonly failing: Map<string, string>;
};

export function recordingRuntime(): RecordingRuntime {
  const calls: string[] = [];
  const failing = new Map<string, string>();
  const verdict = (plugin: string): RuntimeVerdict => {
    const reason = failing.get(plugin);
    return reason === undefined ? { kind: 'done' } : { kind: 'failed', reason };
  };
  return {
    calls,
    failing,
    activate: async ({ plugin }, upgradeFrom) => {
      calls.push(
        `${upgradeFrom === null ? 'activate' : `upgrade from ${upgradeFrom}`} ${plugin.id} ${plugin.version}`,
      );
      return verdict(plugin.id);
    },
    deactivate: async ({ plugin }) => {
      calls.push(`deactivate ${plugin.id} ${plugin.version}`);
      return { kind: 'done' };
    },
    health: async ({ plugin }) => verdict(plugin.id),
  };
}

export type Fixture = {
  readonly test: TestDatabase;
  readonly database: Database;
  readonly runtime: RecordingRuntime;
  readonly installations: Installations;
  org(slug: string): Promise<Org>;
  publish(manifest: ManifestPart, options?: PublishOptions): Promise<string>;
  close(): Promise<void>;
};

export type ManifestPart = Partial<Manifest> & { readonly id: PluginId; readonly version: string };
export type PublishOptions = {
  readonly visibility?: 'public' | 'private';
  readonly ownerOrgId?: string;
  readonly signature?: 'unsigned' | 'trusted';
  readonly keyIds?: string[];
};

export async function startFixture(
  entities: readonly unknown[] = [],
  now?: () => Date,
  heldSecrets?: SecretsPort,
): Promise<Fixture> {
  const test = await startTestDatabase([...ENTITIES, ...entities] as typeof ENTITIES);
  const { database } = test;
  const runtime = recordingRuntime();
  const trustedPublishers = new Set(['house']);
  const installations = await openInstallations({
    database,
    runtime,
    trustedPublishers,
    ...(now ? { now } : {}),
    ...(heldSecrets ? { heldSecrets } : {}),
  });
  const registrar = await makeOrg(database, 'registrar');
  return {
    test,
    database,
    runtime,
    installations,
    org: (slug) => makeOrg(database, slug),
    publish: (manifest, options = {}) =>
      publish(database, manifest, { ownerOrgId: registrar.id, ...options }),
    close: async () => {
      await installations.close();
      await test.drop();
    },
  };
}

async function makeOrg(database: Database, slug: string): Promise<Org> {
  const system: AuditActor = { kind: 'system', name: 'test' };
  return database.transaction({ kind: 'instance' }, async (tx) => {
    const owner = await createUser(tx, system, { name: slug });
    const { id } = await createOrganization(tx, system, { slug, name: slug, ownerId: owner.id });
    return { id, slug, acting: { orgId: id, actor: { kind: 'user', userId: owner.id } } };
  });
}

/** Puts an approved version into the catalogue, as publishing would. @returns its digest */
async function publish(
  database: Database,
  part: ManifestPart,
  { visibility, ownerOrgId, signature, keyIds }: PublishOptions & { ownerOrgId: string },
): Promise<string> {
  const manifest: Manifest = { manifestVersion: 1, name: part.id, main: 'index.js', ...part };
  const digest = createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
  await database.transaction({ kind: 'instance' }, async ({ em }) => {
    const names = splitPluginId(part.id);
    const known = await em.findOne(PluginEntity, names);
    const plugin =
      known ??
      em.create(PluginEntity, {
        ...names,
        ownerOrgId,
        visibility: visibility ?? 'public',
        createdAt: new Date(),
      });
    em.persist(plugin);
    em.persist(
      em.create(PluginVersionEntity, {
        plugin,
        version: part.version,
        versionOrder: versionOrder(part.version),
        archiveDigest: digest,
        archiveBytes: 1,
        manifest,
        manifestDigest: digest,
        contents: 'h1:',
        files: [],
        findings: [],
        signature: signature ?? 'trusted',
        keyIds: keyIds ?? ['ed25519:one'],
        acceptedAt: new Date(),
        acceptedBy: 'test',
        state: 'approved',
      }),
    );
  });
  return digest;
}

/** Grants everything that a plan asks for, as it asks. */
export function consentTo(plan: Plan): Consent {
  return { grants: plan.permissions.map(({ plugin, permission }) => ({ plugin, permission })) };
}

/** Plans, consents to everything and applies. */
export async function carryOutRequest(
  { installations }: Fixture,
  { acting }: Org,
  request: PlanRequest,
): Promise<Plan> {
  const plan = await installations.createPlan(acting, request);
  await installations.applyPlan(acting, plan.id, consentTo(plan));
  return plan;
}
