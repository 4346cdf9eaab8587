import { Refusal } from '../../spec/refusal.ts';
import type { Uploaded } from './upload.ts';

/** The organization that owns the publisher of a package, in which its author may publish. */
export type PublisherAuthority = { readonly orgId: string };

/**
 * An org's private registry takes only what its own publishers name: a private package never shadows another's.
 * @throws Refusal `publisher_other_org`, or as `Author.requirePublisher`
 */
export async function requirePublisher(upload: Uploaded, publisher: string): Promise<PublisherAuthority> {
  const { orgId } = await upload.author.requirePublisher(publisher);
  const { destination } = upload;
  if (destination.kind === 'private' && destination.orgId !== orgId)
    throw new Refusal('publisher_other_org', {
      detail: `${publisher} is a publisher of another organization than the one whose registry this is.`,
    });
  return { orgId };
}
