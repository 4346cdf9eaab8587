export { LIMIT_ENTITIES } from './entities.ts';
export { openOrganizationLimits, type OrganizationLimits } from './organization-limits.ts';
