import { randomUUIDv7 } from 'node:crypto';
import { isUuid, type AuditActor, type Transaction } from '../database/index.ts';
import { Refusal } from '../spec/refusal.ts';
import { announceUser, auditInstance, readDisplayName, refusingConflicts } from './change.ts';
import { UserEntity, type InstanceRole, type User } from './entities/index.ts';

export type NewUser = {
  readonly name: string;
  readonly email?: string;
  readonly instanceRole?: InstanceRole;
};

/** RFC 5321, section 4.5.3.1.3: a path of 256 octets, less its angle brackets. */
const EMAIL_CHARS_MAX = 254;
const EMAIL = /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u;

/**
 * In a transaction of the instance.
 * @throws Refusal `display_name_invalid`, `email_invalid` or `email_taken`
 */
export async function createUser(tx: Transaction, actor: AuditActor, input: NewUser): Promise<User> {
  const user: User = {
    id: randomUUIDv7(),
    name: readDisplayName(input.name),
    email: input.email === undefined ? null : readEmail(input.email),
    instanceRole: input.instanceRole ?? 'none',
    createdAt: new Date(),
  };
  await refusingConflicts(() => tx.em.insert(UserEntity, user), { taken: emailTaken });
  const { id, instanceRole } = user;
  await auditInstance(tx, actor, { action: 'user.created', subject: `user:${id}`, detail: { instanceRole } });
  return user;
}

/** In a transaction of the instance, or of an organization that the user is a member of. */
export async function findUser(tx: Transaction, userId: string): Promise<User | undefined> {
  if (!isUuid(userId)) return undefined;
  return (await tx.em.findOne(UserEntity, { id: userId })) ?? undefined;
}

/** In a transaction of the instance. @throws Refusal `user_unknown` */
export async function requireUser(tx: Transaction, userId: string): Promise<User> {
  const user = await findUser(tx, userId);
  if (!user) throw userUnknown();
  return user;
}

/**
 * Users, oldest first. In a transaction of the instance.
 * @param page.cursor `nextCursor` of the page before
 * @throws Refusal `cursor_invalid`
 */
export async function listUsers(
  tx: Transaction,
  page: { readonly limit: number; readonly cursor: string | undefined },
): Promise<{ users: User[]; nextCursor: string | null }> {
  if (page.cursor !== undefined && !isUuid(page.cursor))
    throw new Refusal('cursor_invalid', { detail: 'The cursor is not one that this list gave.' });
  const where = page.cursor === undefined ? {} : { id: { $gt: page.cursor } };
  const found = await tx.em.find(UserEntity, where, { orderBy: { id: 'asc' }, limit: page.limit + 1 });
  const users = found.slice(0, page.limit);
  return { users, nextCursor: found.length > page.limit ? (users.at(-1)?.id ?? null) : null };
}

/** In a transaction of the instance. @throws Refusal `user_unknown` */
export async function changeInstanceRole(
  tx: Transaction,
  actor: AuditActor,
  userId: string,
  instanceRole: InstanceRole,
): Promise<void> {
  const changed = isUuid(userId) ? await tx.em.nativeUpdate(UserEntity, { id: userId }, { instanceRole }) : 0;
  if (changed === 0) throw userUnknown();
  await announceUser(tx, userId);
  const entry = { action: 'user.instance-role-changed', subject: `user:${userId}`, detail: { instanceRole } };
  await auditInstance(tx, actor, entry);
}

export function userUnknown(): Refusal {
  return new Refusal('user_unknown', { detail: 'No user of this server has this id.' });
}

function readEmail(text: string): string {
  // Before anything is done with it: to compose a long text takes the square of its length.
  if (text.length <= EMAIL_CHARS_MAX) {
    const email = text.trim().toLowerCase().normalize('NFC');
    if (email.length <= EMAIL_CHARS_MAX && EMAIL.test(email)) return email;
  }
  throw new Refusal('email_invalid', { detail: 'The text is not of the form name@domain, or is too long.' });
}

function emailTaken(): Refusal {
  return new Refusal('email_taken', { detail: 'Another user has this address.' });
}
