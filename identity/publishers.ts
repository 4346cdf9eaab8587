import type { AuditActor, Transaction } from '../database/index.ts';
import { isNamespace, RESERVED_NAMESPACES } from '../spec/plugin-id.ts';
import { Refusal } from '../spec/refusal.ts';
import { auditInstance, auditOrg, refusingConflicts } from './change.ts';
import { PublisherEntity, type Publisher } from './entities/index.ts';

export type NewPublisher = { readonly name: string; readonly orgId: string };

/**
 * Gives a namespace to an organization, for ever. In a transaction of the instance: it is in the instance's chain
 * too. Who may ask for one is the instance's policy and the caller's to check.
 *
 * @throws Refusal `publisher_name_invalid`, `publisher_name_reserved` or `publisher_name_taken`
 */
export async function registerPublisher(
  tx: Transaction,
  actor: AuditActor,
  input: NewPublisher,
): Promise<Publisher> {
  const publisher: Publisher = { name: readName(input.name), orgId: input.orgId, createdAt: new Date() };
  await refusingConflicts(() => tx.em.insert(PublisherEntity, publisher), {
    taken: () => new Refusal('publisher_name_taken', { detail: `The name "${publisher.name}" is taken.` }),
  });
  const entry = { action: 'publisher.registered', subject: `publisher:${publisher.name}` };
  await auditOrg(tx, actor, input.orgId, entry);
  await auditInstance(tx, actor, { ...entry, detail: { orgId: input.orgId } });
  return publisher;
}

/** Publishers are public: any scope sees them. */
export async function findPublisher(tx: Transaction, name: string): Promise<Publisher | undefined> {
  if (!isNamespace(name)) return undefined;
  return (await tx.em.findOne(PublisherEntity, { name })) ?? undefined;
}

/** By name. */
export async function listPublishers(tx: Transaction, orgId: string): Promise<Publisher[]> {
  return tx.em.find(PublisherEntity, { orgId }, { orderBy: { name: 'asc' } });
}

function readName(name: string): string {
  if (!isNamespace(name)) {
    throw new Refusal('publisher_name_invalid', {
      detail: `The name has ${name.length} characters or breaks the form of a name.`,
    });
  }
  if (RESERVED_NAMESPACES.has(name)) {
    throw new Refusal('publisher_name_reserved', { detail: `"${name}" reads like a part of Souk itself.` });
  }
  return name;
}
