import type { Transaction } from '../../database/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Uploaded } from './upload.ts';

/** The organization that owns the publisher of a package, in which its author may publish. */
export type PublisherAuthority = { readonly orgId: string };

/**
 * An org's private registry takes only what its own publishers name: a private package never shadows another's.
 * @param tx in the scope of the instance
 * @throws Refusal `publisher_other_org`, or as `Author.requirePublisher`
 */
export async function requirePublisher(
  tx: Transaction,
  upload: Uploaded,
  publisher: string,
): Promise<PublisherAuthority> {
  const { orgId } = await upload.author.requirePublisher(tx, publisher);
  const { destination } = upload;
  if (destination.kind === 'private' && destination.orgId !== orgId)
    throw new Refusal('publisher_other_org', {
      detail: `${publisher} is a publisher of another organization than the one whose registry this is.`,
    });
  return { orgId };
}
