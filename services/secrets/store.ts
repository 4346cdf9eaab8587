/** The secrets of installations: set by administrators, read by their plugin alone, shown to nobody. */
import { appendAudit, type Database, type Transaction } from '../../database/index.ts';
import { actorName } from '../../registry/installations/actor.ts';
import { InstallationEntity, type Installation } from '../../registry/installations/entities/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import { SECRET_LIMITS } from '../../spec/limits.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { splitPluginId, type PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { createDisclosed, type Disclosed } from './disclosed.ts';
import { SecretEntity } from './entities.ts';
import type { KeyRing } from './key-ring.ts';
import { seal, unseal, type SealedSecret, type SecretPlace } from './sealing.ts';

/** What people see of a secret. */
export type SecretView = {
  readonly name: string;
  /** Null for one that the installed version does not declare. */
  readonly title: string | null;
  readonly required: 'yes' | 'no';
  /** Null while the organization has not set it. */
  readonly setAt: Date | null;
  /** Of a global plugin: the instance has set it, and its value counts where `setAt` is null. */
  readonly heldByInstance: 'yes' | 'no';
};

export type Secrets = {
  /**
   * Sets a secret that the installed version declares, or another version that the organization may upgrade to.
   * @throws Refusal `plugin_not_installed`, `secret_unknown`, `secret_invalid`
   */
  set(acting: Acting, plugin: PluginId, name: string, value: string): Promise<void>;
  /** @throws Refusal `plugin_not_installed`, `secret_not_found` */
  delete(acting: Acting, plugin: PluginId, name: string): Promise<void>;
  /** By name. @throws Refusal `plugin_not_installed` */
  list(orgId: string, plugin: PluginId): Promise<SecretView[]>;
  /** For the plugin itself. @returns null for a secret that is not set */
  read(owner: SecretOwner, name: string): Promise<string | null>;
  /** Seals what lies under earlier master keys under the current one. @returns how many */
  rewrap(): Promise<number>;
  /** Takes the values that were read for an installation out of a text. */
  redact(installationId: string, text: string): string;
};

export type SecretOwner = { readonly orgId: string; readonly installationId: string };

type Context = { readonly database: Database; readonly ring: KeyRing; readonly disclosed: Disclosed };

export function openSecrets(database: Database, ring: KeyRing): Secrets {
  const context: Context = { database, ring, disclosed: createDisclosed() };
  return {
    set: (acting, plugin, name, value) => setSecret(context, acting, { plugin, name, value }),
    delete: (acting, plugin, name) => deleteSecret(context, acting, { plugin, name }),
    list: (orgId, plugin) => listSecrets(context, orgId, plugin),
    read: (owner, name) => readSecret(context, owner, name),
    rewrap: () => rewrapAll(context),
    redact: context.disclosed.redact,
  };
}

/** @returns the names that are set, by installation, of one organization */
export async function heldSecrets(tx: Transaction, orgId: string): Promise<Map<string, Set<string>>> {
  const rows = await tx.em.execute<{ installation_id: string; name: string }[]>(
    'select installation_id, name from secret where org_id = ?',
    [orgId],
  );
  const held = new Map<string, Set<string>>();
  for (const { installation_id, name } of rows) {
    held.set(installation_id, (held.get(installation_id) ?? new Set()).add(name));
  }
  return held;
}

async function setSecret(
  { database, ring }: Context,
  { orgId, actor }: Acting,
  { plugin, name, value }: { readonly plugin: PluginId; readonly name: string; readonly value: string },
): Promise<void> {
  requireValue(value);
  await database.transaction({ kind: 'org', orgId }, async (tx) => {
    const { id, manifest } = await requireInstallation(tx, orgId, plugin);
    await requireDeclared(tx, plugin, manifest, name);
    const sealed = await seal(ring, { org: orgId, installation: id, plugin, name }, value);
    const at = { setAt: new Date(), setBy: actorName(actor) };
    await tx.em.upsert(SecretEntity, { orgId, installation: id, name, ...sealed, ...at });
    await audit(tx, { orgId, actor }, 'secret.set', plugin, name);
  });
}

async function deleteSecret(
  { database }: Context,
  { orgId, actor }: Acting,
  { plugin, name }: { readonly plugin: PluginId; readonly name: string },
): Promise<void> {
  await database.transaction({ kind: 'org', orgId }, async (tx) => {
    const { id } = await requireInstallation(tx, orgId, plugin);
    const deleted = await tx.em.nativeDelete(SecretEntity, { orgId, installation: id, name });
    if (deleted === 0)
      throw new Refusal('secret_not_found', { detail: `${plugin} has no secret of this name.` });
    await audit(tx, { orgId, actor }, 'secret.deleted', plugin, name);
  });
}

async function listSecrets({ database }: Context, orgId: string, plugin: PluginId): Promise<SecretView[]> {
  const { manifest, seat, rows } = await database.transaction({ kind: 'org', orgId }, async (tx) => {
    const found = await requireInstallation(tx, orgId, plugin);
    return { ...found, rows: await tx.em.find(SecretEntity, { orgId, installation: found.id }) };
  });
  const ofInstance = seat ? await namesHeld(database, seat.sourceId) : new Set<string>();
  const setTimes = new Map(rows.map(({ name, setAt }) => [name, setAt]));
  const declared = new Map(Object.entries(manifest.secrets ?? {}));
  return [...new Set([...declared.keys(), ...setTimes.keys()])].sort().map((name) => ({
    name,
    title: declared.get(name)?.title ?? null,
    required: declared.get(name)?.required ? 'yes' : 'no',
    setAt: setTimes.get(name) ?? null,
    heldByInstance: ofInstance.has(name) ? 'yes' : 'no',
  }));
}

async function namesHeld(database: Database, installation: string): Promise<ReadonlySet<string>> {
  const rows = await database.transaction({ kind: 'instance' }, (tx) =>
    tx.em.find(SecretEntity, { installation }, { fields: ['name'] }),
  );
  return new Set(rows.map(({ name }) => name));
}

type SealedRow = { org: string; installation: string; plugin: string; name: string } & SealedSecret;

const SEALED_ROWS = `select secret.org_id as org, secret.installation_id as installation, plugin_id as plugin, name,
    sealed, key_id as "keyId" from secret join installation on installation.id = secret.installation_id`;

async function readSecret(
  { database, ring, disclosed }: Context,
  { orgId, installationId }: SecretOwner,
  name: string,
): Promise<string | null> {
  const [row] = await database.transaction({ kind: 'org', orgId }, (tx) =>
    tx.em.execute<SealedRow[]>(
      `${SEALED_ROWS} where secret.org_id = ? and secret.installation_id = ? and name = ?`,
      [orgId, installationId, storableName(name)],
    ),
  );
  const held = row ?? (await readOfSource(database, { orgId, installationId }, name));
  if (!held) return null;
  const value = await unseal(ring, placeOf(held), held);
  disclosed.remember(installationId, value);
  return value;
}

/**
 * A global plugin reads the instance's secrets in every organization, but for those that the organization set itself.
 * Which source a seat follows is a row of the instance's to write, and nothing that a guest says.
 */
async function readOfSource(
  database: Database,
  { orgId, installationId }: SecretOwner,
  name: string,
): Promise<SealedRow | undefined> {
  const seats = await database.transaction({ kind: 'org', orgId }, (tx) =>
    tx.em.find(InstallationEntity, { id: installationId, orgId }, { fields: ['seat'] }),
  );
  const sourceId = seats[0]?.seat?.sourceId;
  if (sourceId === undefined) return undefined;
  const [row] = await database.transaction({ kind: 'instance' }, (tx) =>
    tx.em.execute<SealedRow[]>(`${SEALED_ROWS} where secret.installation_id = ? and name = ?`, [
      sourceId,
      storableName(name),
    ]),
  );
  return row;
}

/** A guest may ask for any text; PostgreSQL takes none with U+0000, and no secret has such a name. */
function storableName(name: string): string {
  return /^[A-Za-z0-9]{1,63}$/u.test(name) ? name : '';
}

function placeOf({ org, installation, plugin, name }: SealedRow): SecretPlace {
  return { org, installation, plugin, name };
}

/** In batches, so that nobody who sets a secret waits long. */
const REWRAP_BATCH = 100;

async function rewrapAll(context: Context): Promise<number> {
  let total = 0;
  for (;;) {
    const rewrapped = await rewrapBatch(context);
    total += rewrapped;
    if (rewrapped < REWRAP_BATCH) return total;
  }
}

async function rewrapBatch({ database, ring }: Context): Promise<number> {
  return database.transaction({ kind: 'instance' }, async (tx) => {
    const rows = await tx.em.execute<SealedRow[]>(
      `${SEALED_ROWS} where key_id <> ? limit ? for update of secret skip locked`,
      [ring.current.id, REWRAP_BATCH],
    );
    for (const row of rows) {
      const { sealed, keyId } = await seal(ring, placeOf(row), await unseal(ring, placeOf(row), row));
      await tx.em.execute(
        'update secret set sealed = ?, key_id = ? where org_id = ? and installation_id = ? and name = ?',
        [sealed, keyId, row.org, row.installation, row.name],
      );
    }
    return rows.length;
  });
}

async function requireInstallation(
  tx: Transaction,
  orgId: string,
  plugin: PluginId,
): Promise<Pick<Installation, 'id' | 'manifest' | 'seat'>> {
  const row = await tx.em.findOne(InstallationEntity, { orgId, pluginId: plugin });
  if (row) return { id: row.id, manifest: row.manifest, seat: row.seat };
  throw new Refusal('plugin_not_installed', {
    detail: `${plugin} is not installed in this organization.`,
    extensions: { plugin },
  });
}

/** An upgrade may need a secret that the version in place does not know: it can be set before. */
async function requireDeclared(
  tx: Transaction,
  plugin: PluginId,
  manifest: Manifest,
  name: string,
): Promise<void> {
  if (Object.hasOwn(manifest.secrets ?? {}, name)) return;
  const names = splitPluginId(plugin);
  const declaring = await tx.em.execute<unknown[]>(
    `select 1 from plugin_version join plugin on plugin.id = plugin_version.plugin_id
      where publisher = ? and name = ? and plugin_version.state = 'approved'
        and jsonb_exists(manifest -> 'secrets', ?) limit 1`,
    [names.publisher, names.name, storableName(name)],
  );
  if (declaring.length > 0) return;
  const known = Object.keys(manifest.secrets ?? {}).join(', ');
  throw new Refusal('secret_unknown', {
    detail: `${plugin} declares no secret of this name; ${known ? `it declares ${known}` : 'it declares none'}.`,
  });
}

/** The text of a refusal must not repeat a part of the value. @throws Refusal `secret_invalid` */
function requireValue(value: string): void {
  const bytes = Buffer.byteLength(value, 'utf8');
  if (bytes === 0 || bytes > SECRET_LIMITS.valueBytesMax) {
    throw new Refusal('secret_invalid', {
      detail: `The value has ${bytes} bytes; 1 to ${SECRET_LIMITS.valueBytesMax} are taken.`,
    });
  }
  if (value.includes('\0') || !value.isWellFormed()) {
    throw new Refusal('secret_invalid', { detail: 'The value holds U+0000 or half a surrogate pair.' });
  }
}

/** The name and never the value: entries are for ever. */
async function audit(
  tx: Transaction,
  { orgId, actor }: Acting,
  action: string,
  plugin: PluginId,
  name: string,
): Promise<void> {
  const scope = { kind: 'org', orgId } as const;
  await appendAudit(tx, { scope, actor, action, subject: `plugin:${plugin}`, detail: { secret: name } });
}
