/** Who is who. */
import { accountRoutes } from './accounts.ts';
import { memberRoutes } from './members.ts';
import { organizationRoutes } from './organizations.ts';
import { publisherRoutes } from './publishers.ts';
import { tokenRoutes } from './tokens.ts';
import type { Route } from '../http/route.ts';
import type { Services } from '../services.ts';

export function identityRoutes(services: Services): Route[] {
  return [
    ...accountRoutes(services),
    ...tokenRoutes(services),
    ...organizationRoutes(services),
    ...memberRoutes(services),
    ...publisherRoutes(services),
  ];
}
