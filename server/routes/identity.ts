/** Who is who. */
import { accountRoutes } from './accounts.ts';
import { organizationRoutes } from './organizations.ts';
import type { Route } from '../http/route.ts';
import type { Services } from '../services.ts';

export function identityRoutes(services: Services): Route[] {
  return [...accountRoutes(services), ...organizationRoutes(services)];
}
