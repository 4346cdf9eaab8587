export {
  changeAvailability,
  readAvailability,
  type AvailabilityChange,
  type PluginAvailability,
} from './availability.ts';
export type { CataloguePorts, VersionAddress } from './change-version.ts';
export { grantPlugin, listGrants, withdrawGrant } from './grants.ts';
export { offeredVersions } from './offered-versions.ts';
export { describePlugin, describeVersion, listFiles, openArchive, readEnvelope } from './plugin-page.ts';
export { listProviders, type Provider } from './providers.ts';
export { listHeldVersions, reviewVersion } from './review.ts';
export type { SearchQuery } from './search-query.ts';
export { searchPlugins } from './search.ts';
export type { Viewer } from './viewer.ts';
export {
  deprecateVersion,
  revokeVersion,
  undeprecateVersion,
  unyankVersion,
  yankVersion,
} from './withdrawal.ts';
