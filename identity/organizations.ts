import { randomUUIDv7 } from 'node:crypto';
import type { AuditActor, Transaction } from '../database/index.ts';
import { isNamespace, RESERVED_NAMESPACES } from '../spec/plugin-id.ts';
import { Refusal } from '../spec/refusal.ts';
import { auditOrg, readDisplayName, refusingConflicts } from './change.ts';
import { OrganizationEntity, type Organization } from './entities/index.ts';
import { INSTANCE_ORG_SLUG } from './instance-org.ts';
import { addMember } from './members.ts';

export type NewOrganization = {
  /** Stays for ever: it is in addresses. */
  readonly slug: string;
  readonly name: string;
  /** Its first owner. */
  readonly ownerId: string;
};

/**
 * In a transaction of the instance.
 * @throws Refusal `org_slug_invalid`, `org_slug_reserved`, `org_slug_taken`, `display_name_invalid`, `user_unknown`
 */
export async function createOrganization(
  tx: Transaction,
  actor: AuditActor,
  input: NewOrganization,
): Promise<Organization> {
  if (RESERVED_NAMESPACES.has(input.slug)) {
    throw new Refusal('org_slug_reserved', { detail: `"${input.slug}" reads like a part of Souk itself.` });
  }
  return storeOrganization(tx, actor, input);
}

/** The instance's own organization, under its reserved slug. Only for the bootstrap. */
export async function createInstanceOrganization(
  tx: Transaction,
  actor: AuditActor,
  ownerId: string,
): Promise<Organization> {
  return storeOrganization(tx, actor, { slug: INSTANCE_ORG_SLUG, name: 'Instance', ownerId });
}

async function storeOrganization(
  tx: Transaction,
  actor: AuditActor,
  input: NewOrganization,
): Promise<Organization> {
  const org: Organization = {
    id: randomUUIDv7(),
    slug: readSlug(input.slug),
    name: readDisplayName(input.name),
    unsignedPackages: 'refuse',
    createdAt: new Date(),
  };
  await refusingConflicts(() => tx.em.insert(OrganizationEntity, org), { taken: () => slugTaken(org.slug) });
  await auditOrg(tx, actor, org.id, { action: 'org.created', subject: `org:${org.slug}` });
  await addMember(tx, actor, { orgId: org.id, userId: input.ownerId, role: 'owner' });
  return org;
}

/** In a transaction of the instance: a slug comes from an address, before anyone knows whose it is. */
export async function findOrganization(tx: Transaction, slug: string): Promise<Organization | undefined> {
  if (!isNamespace(slug)) return undefined;
  return (await tx.em.findOne(OrganizationEntity, { slug })) ?? undefined;
}

/** Those of the ids that exist, by slug. */
export async function listOrganizations(tx: Transaction, orgIds: readonly string[]): Promise<Organization[]> {
  return tx.em.find(OrganizationEntity, { id: { $in: [...orgIds] } }, { orderBy: { slug: 'asc' } });
}

export type OrganizationChange = {
  readonly name?: string;
  readonly unsignedPackages?: 'allow' | 'refuse';
};

/** @throws Refusal `display_name_invalid` or `not_found` */
export async function changeOrganization(
  tx: Transaction,
  actor: AuditActor,
  orgId: string,
  change: OrganizationChange,
): Promise<Organization> {
  const org = await tx.em.findOne(OrganizationEntity, { id: orgId });
  if (!org) throw new Refusal('not_found', { detail: 'There is no such organization.' });
  if (change.name !== undefined) org.name = readDisplayName(change.name);
  if (change.unsignedPackages !== undefined) org.unsignedPackages = change.unsignedPackages;
  await auditOrg(tx, actor, orgId, {
    action: 'org.changed',
    subject: `org:${org.slug}`,
    detail: { ...change },
  });
  return org;
}

function readSlug(slug: string): string {
  if (isNamespace(slug)) return slug;
  throw new Refusal('org_slug_invalid', {
    detail: `The slug has ${slug.length} characters or breaks the form of a name.`,
  });
}

function slugTaken(slug: string): Refusal {
  return new Refusal('org_slug_taken', { detail: `The slug "${slug}" is taken.` });
}
