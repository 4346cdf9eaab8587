/** A principal as the author of packages or keys: for which publishers it may act. */
import {
  actorOf,
  findPublisher,
  requireOrgRole,
  requireScope,
  type OrgRole,
  type Principal,
} from '../identity/index.ts';
import type { Author } from '../registry/catalogue/author.ts';
import { Refusal } from '../spec/refusal.ts';

/** Publishing is any member's, with a token for it. */
export function packageAuthor(principal: Principal): Author {
  return authorOf(principal, 'member');
}

/** Whose keys speak for a publisher is an admin's to decide. */
export function keyAuthor(principal: Principal): Author {
  return authorOf(principal, 'admin');
}

function authorOf(principal: Principal, role: OrgRole): Author {
  return {
    actor: actorOf(principal),
    requirePublisher: async (tx, name) => {
      requireScope(principal, 'packages:publish');
      const publisher = await findPublisher(tx, name);
      if (!publisher)
        throw new Refusal('publisher_unknown', {
          detail: `Nobody has registered the publisher ${JSON.stringify(name)}.`,
        });
      const org = { id: publisher.orgId, slug: name };
      try {
        requireOrgRole(principal, org, role);
      } catch (error) {
        throw new Refusal('publisher_not_yours', {
          detail: `You may not act for the publisher ${JSON.stringify(name)}.`,
          cause: error,
        });
      }
      return { orgId: publisher.orgId };
    },
  };
}
