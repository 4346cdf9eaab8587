/** The SMTP server of an organization: set by its administrators, its password shown to nobody. */
import { appendAudit, type Database } from '../../database/index.ts';
import { actorName } from '../../registry/installations/actor.ts';
import type { Acting } from '../../registry/installations/index.ts';
import { SECRET_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { seal, unseal } from '../secrets/sealing.ts';
import { mailNotConfigured } from '../../spec/host/mail-checks.ts';
import { parseMailAddress } from '../../spec/host/mail-address.ts';
import { MailServerEntity } from './entities.ts';

/** `tls` from the first byte (RFC 8314), `starttls` which must succeed (RFC 3207), `none` for a server nearby. */
export type MailSecurity = 'tls' | 'starttls' | 'none';

export type MailServerInput = {
  readonly host: string;
  readonly port: number;
  readonly security: MailSecurity;
  readonly from: string;
  readonly username?: string;
  /** Absent: the password that is set stays, as long as host, port, security and username do. */
  readonly password?: string;
};

/** What people see. */
export type MailServerView = Omit<MailServerInput, 'password' | 'username'> & {
  readonly username: string | null;
  readonly password: 'set' | 'not set';
  readonly setAt: Date;
};

/** What a connection needs. */
export type MailServer = Omit<MailServerInput, 'username' | 'password'> & {
  readonly login: { readonly user: string; readonly pass: string } | null;
};

type Context = { readonly database: Database; readonly ring: KeyRing };

/** @throws Refusal `mail_not_configured` */
export async function readMailServerView({ database }: Context, orgId: string): Promise<MailServerView> {
  const row = await rowOf(database, orgId);
  return {
    host: row.host,
    port: row.port,
    security: row.security,
    from: row.sender,
    username: row.username ?? null,
    password: row.sealed == null ? 'not set' : 'set',
    setAt: row.setAt,
  };
}

/** @throws Refusal `mail_not_configured` */
export async function readMailServer({ database, ring }: Context, orgId: string): Promise<MailServer> {
  const { host, port, security, sender, username, sealed, keyId } = await rowOf(database, orgId);
  const login =
    username && sealed && keyId
      ? { user: username, pass: await unseal(ring, placeOf(orgId), { sealed, keyId }) }
      : null;
  return { host, port, security, from: sender, login };
}

/** @throws Refusal `mail_server_invalid` */
export async function setMailServer(
  { database, ring }: Context,
  { orgId, actor }: Acting,
  input: MailServerInput,
): Promise<void> {
  requireServer(input);
  const { host, port, security, from: sender, username = null, password } = input;
  const given = password === undefined ? null : await seal(ring, placeOf(orgId), password);
  await database.transaction({ kind: 'org', orgId }, async (tx) => {
    const before = await tx.em.findOne(MailServerEntity, { orgId });
    // Whoever points the password at another server learns it: then it must be known.
    const isSame =
      before?.host === host &&
      before.port === port &&
      before.security === security &&
      (before.username ?? null) === username;
    const kept = isSame
      ? { sealed: before.sealed ?? null, keyId: before.keyId ?? null }
      : { sealed: null, keyId: null };
    const login = given ?? kept;
    if (username !== null && login.sealed === null)
      throw invalid('A user name is given without a password, and none is set for this server and user.');
    const at = { setAt: new Date(), setBy: actorName(actor) };
    await tx.em.upsert(MailServerEntity, { orgId, host, port, security, sender, username, ...login, ...at });
    const detail = { host, port, security, from: sender };
    const scope = { kind: 'org', orgId } as const;
    await appendAudit(tx, { scope, actor, action: 'mail-server.set', subject: 'mail', detail });
  });
}

/** @throws Refusal `mail_not_configured` */
export async function deleteMailServer({ database }: Context, { orgId, actor }: Acting): Promise<void> {
  await database.transaction({ kind: 'org', orgId }, async (tx) => {
    if ((await tx.em.nativeDelete(MailServerEntity, { orgId })) === 0) throw mailNotConfigured();
    const scope = { kind: 'org', orgId } as const;
    await appendAudit(tx, { scope, actor, action: 'mail-server.deleted', subject: 'mail', detail: {} });
  });
}

/** Seals passwords that lie under earlier master keys under the current one. @returns how many */
export async function rewrapMailPasswords({ database, ring }: Context): Promise<number> {
  return database.transaction({ kind: 'instance' }, async (tx) => {
    const rows = await tx.em.execute<{ orgId: string; sealed: string; keyId: string }[]>(
      `select org_id as "orgId", sealed, key_id as "keyId" from mail_server where key_id <> ?
        for update skip locked`,
      [ring.current.id],
    );
    for (const row of rows) {
      const place = placeOf(row.orgId);
      const { sealed, keyId } = await seal(ring, place, await unseal(ring, place, row));
      await tx.em.nativeUpdate(MailServerEntity, { orgId: row.orgId }, { sealed, keyId });
    }
    return rows.length;
  });
}

async function rowOf(database: Database, orgId: string) {
  const row = await database.transaction({ kind: 'org', orgId }, (tx) =>
    tx.em.findOne(MailServerEntity, { orgId }),
  );
  if (row) return row;
  throw mailNotConfigured();
}

function placeOf(org: string): { readonly org: string; readonly service: string; readonly name: string } {
  return { org, service: 'mail', name: 'password' };
}

function requireServer({ host, port, from, username, password }: MailServerInput): void {
  // As a URL has it: a host that the parser changes is not the one that was meant.
  if (host.length > 253 || URL.parse(`http://${host}/`)?.hostname !== host.toLowerCase())
    throw invalid('"host" is no name or address of a server.');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid('"port" is not 1 to 65535.');
  if (!parseMailAddress(from)) throw invalid('"from" is no mail address.');
  if (password !== undefined && username === undefined)
    throw invalid('A password is given without a user name.');
  for (const text of [username, password]) if (text !== undefined) requireText(text);
}

function requireText(text: string): void {
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes === 0 || bytes > SECRET_LIMITS.valueBytesMax || /\p{Cc}/u.test(text) || !text.isWellFormed())
    throw invalid('The user name or the password is empty, too long, or holds a control character.');
}

function invalid(detail: string): Refusal {
  return new Refusal('mail_server_invalid', { detail });
}
