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
import type { Services } from './services.ts';

/** Publishing is any member's, with a token for it. */
export function packageAuthor(services: Services, principal: Principal): Author {
  return authorOf(services, principal, 'member');
}

/** Whose keys speak for a publisher is an admin's to decide. */
export function keyAuthor(services: Services, principal: Principal): Author {
  return authorOf(services, principal, 'admin');
}

function authorOf({ database }: Services, principal: Principal, role: OrgRole): Author {
  return {
    actor: actorOf(principal),
    requirePublisher: async (name) => {
      requireScope(principal, 'packages:publish');
      const publisher = await database.transaction({ kind: 'instance' }, (tx) => findPublisher(tx, name));
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
