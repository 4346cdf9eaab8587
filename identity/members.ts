import { isUuid, type AuditActor, type Transaction } from '../database/index.ts';
import { Refusal } from '../spec/refusal.ts';
import { announceUser, auditOrg, refusingConflicts } from './change.ts';
import { MembershipEntity, UserEntity, type Membership, type OrgRole } from './entities/index.ts';
import { userUnknown } from './users.ts';

export type MemberRef = { readonly orgId: string; readonly userId: string };

/** All in a transaction of the instance or of the organization. @throws Refusal `member_exists` or `user_unknown` */
export async function addMember(
  tx: Transaction,
  actor: AuditActor,
  input: MemberRef & { readonly role: OrgRole },
): Promise<void> {
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

/** @throws Refusal `member_unknown` or `owner_last` */
export async function changeMemberRole(
  tx: Transaction,
  actor: AuditActor,
  input: MemberRef & { readonly role: OrgRole },
): Promise<void> {
  const { orgId, userId, role } = input;
  if (!isUuid(userId)) throw memberUnknown();
  if (role !== 'owner') await requireOtherOwner(tx, input);
  const changed = await tx.em.nativeUpdate(MembershipEntity, { orgId, userId }, { role });
  if (changed === 0) throw memberUnknown();
  await announceUser(tx, userId);
  await auditOrg(tx, actor, orgId, {
    action: 'member.role-changed',
    subject: `user:${userId}`,
    detail: { role },
  });
}

/** @throws Refusal `member_unknown` or `owner_last` */
export async function removeMember(tx: Transaction, actor: AuditActor, member: MemberRef): Promise<void> {
  const { orgId, userId } = member;
  if (!isUuid(userId)) throw memberUnknown();
  await requireOtherOwner(tx, member);
  const removed = await tx.em.nativeDelete(MembershipEntity, { orgId, userId });
  if (removed === 0) throw memberUnknown();
  await announceUser(tx, userId);
  await auditOrg(tx, actor, orgId, { action: 'member.removed', subject: `user:${userId}` });
}

/** Oldest first. */
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

export async function listMembers(tx: Transaction, orgId: string): Promise<Membership[]> {
  return tx.em.find(MembershipEntity, { orgId }, { orderBy: { createdAt: 'asc', userId: 'asc' } });
}

/** Locks the owners, so that two who leave at once cannot both be told that the other stays. */
async function requireOtherOwner(tx: Transaction, { orgId, userId }: MemberRef): Promise<void> {
  const owners = await tx.em.execute<{ userId: string }[]>(
    `select user_id as "userId" from membership where org_id = ? and role = 'owner' order by user_id for update`,
    [orgId],
  );
  if (owners.length === 1 && owners[0]?.userId === userId) {
    throw new Refusal('owner_last', { detail: 'The user is the only owner of the organization.' });
  }
}

function memberUnknown(): Refusal {
  return new Refusal('member_unknown', { detail: 'The organization has no member with this id.' });
}
