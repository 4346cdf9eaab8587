import { isUuid, type AuditActor, type Transaction } from '../database/index.ts';
import { Refusal } from '../spec/refusal.ts';
import { announceUser, auditOrg, refusingConflicts } from './change.ts';
import { MembershipEntity, UserEntity, type Membership, type OrgRole } from './entities/index.ts';
import { userUnknown } from './users.ts';

export type MemberRef = { readonly orgId: string; readonly userId: string };

export type MemberRole = MemberRef & { readonly role: OrgRole };

/** Who changes the members of an organization, and as what: only an owner makes or unmakes owners. */
export type MemberEditor = { readonly actor: AuditActor; readonly role: OrgRole };

/**
 * Adds a member, or changes its role.
 * @param tx of the instance or of the organization, as for all below
 * @throws Refusal `role_missing`, `owner_last` or `user_unknown`
 */
export async function setMember(tx: Transaction, editor: MemberEditor, input: MemberRole): Promise<void> {
  const held = await lockMember(tx, input);
  requireOwnerFor(editor, [held?.role, input.role]);
  if (!held) return addMember(tx, editor.actor, input);
  if (input.role !== 'owner') requireOtherOwner(held);
  await changeMemberRole(tx, editor.actor, input);
}

/** @throws Refusal `member_unknown`, `role_missing` or `owner_last` */
export async function removeMember(tx: Transaction, editor: MemberEditor, member: MemberRef): Promise<void> {
  const { orgId, userId } = member;
  const held = await lockMember(tx, member);
  if (!held) throw new Refusal('member_unknown', { detail: 'The organization has no member with this id.' });
  requireOwnerFor(editor, [held.role]);
  requireOtherOwner(held);
  await tx.em.nativeDelete(MembershipEntity, { orgId, userId });
  await announceUser(tx, userId);
  await auditOrg(tx, editor.actor, orgId, { action: 'member.removed', subject: `user:${userId}` });
}

/** @throws Refusal `member_exists` or `user_unknown` */
export async function addMember(tx: Transaction, actor: AuditActor, input: MemberRole): Promise<void> {
  const { orgId, userId, role } = input;
  if (!isUuid(userId)) throw userUnknown();
  await refusingConflicts(
    () => tx.em.insert(MembershipEntity, { orgId, userId, role, createdAt: new Date() }),
    {
      taken: () => new Refusal('member_exists', { detail: 'The user is a member already.' }),
      dangling: userUnknown,
    },
  );
  await announceUser(tx, userId);
  await auditOrg(tx, actor, orgId, { action: 'member.added', subject: `user:${userId}`, detail: { role } });
}

async function changeMemberRole(tx: Transaction, actor: AuditActor, input: MemberRole): Promise<void> {
  const { orgId, userId, role } = input;
  await tx.em.nativeUpdate(MembershipEntity, { orgId, userId }, { role });
  await announceUser(tx, userId);
  await auditOrg(tx, actor, orgId, {
    action: 'member.role-changed',
    subject: `user:${userId}`,
    detail: { role },
  });
}

/**
 * The role that a user has in an organization now: `owner` for an administrator of the instance, as in `roleIn`.
 * @param tx of the instance: who administers it need not be a member
 */
export async function presentRole(
  tx: Transaction,
  { orgId, userId }: Pick<MemberRef, 'orgId' | 'userId'>,
): Promise<OrgRole | undefined> {
  const user = await tx.em.findOne(UserEntity, { id: userId });
  if (user?.instanceRole === 'admin') return 'owner';
  return (await tx.em.findOne(MembershipEntity, { orgId, userId }))?.role;
}

/** Oldest first. */
export async function listMembers(tx: Transaction, orgId: string): Promise<Membership[]> {
  return tx.em.find(MembershipEntity, { orgId }, { orderBy: { createdAt: 'asc', userId: 'asc' } });
}

type HeldMember = { readonly role: OrgRole; readonly otherOwners: number };

/**
 * A member, locked together with the owners, in one order for all: so nobody becomes an owner between the look and the
 * change, and two owners who leave at once cannot both be told that the other stays.
 */
async function lockMember(tx: Transaction, { orgId, userId }: MemberRef): Promise<HeldMember | undefined> {
  if (!isUuid(userId)) return undefined;
  const locked = await tx.em.execute<{ userId: string; role: OrgRole }[]>(
    `select user_id as "userId", role from membership
     where org_id = ? and (role = 'owner' or user_id = ?) order by user_id for update`,
    [orgId, userId],
  );
  const held = locked.find((member) => member.userId === userId);
  const otherOwners = locked.filter((member) => member.userId !== userId && member.role === 'owner').length;
  return held && { role: held.role, otherOwners };
}

function requireOwnerFor({ role }: MemberEditor, touched: readonly (OrgRole | undefined)[]): void {
  if (role === 'owner' || !touched.includes('owner')) return;
  throw new Refusal('role_missing', {
    detail: 'Only an owner makes or unmakes owners.',
    extensions: { role: 'owner' },
  });
}

function requireOtherOwner({ role, otherOwners }: HeldMember): void {
  if (role !== 'owner' || otherOwners > 0) return;
  throw new Refusal('owner_last', { detail: 'The user is the only owner of the organization.' });
}
