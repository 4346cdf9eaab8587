/** The slug of the instance's own organization; reserved, so that nobody else's can be. */
export const INSTANCE_ORG_SLUG = 'instance';
