export type { Author } from './author.ts';
export type { CataloguePorts, VersionAddress } from './change-version.ts';
export { grantPlugin, listGrants, withdrawGrant } from './grants.ts';
export { type Audience, offeredVersions } from './offered-versions.ts';
export {
  describePlugin,
  describeVersion,
  listFiles,
  openArchive,
  type PluginPage,
  readEnvelope,
  type VersionDetail,
  type VersionSummary,
} from './plugin-page.ts';
export { type HeldVersion, listHeldVersions, type ReviewDecision, reviewVersion } from './review.ts';
export type { SearchQuery } from './search-query.ts';
export { type Facet, type SearchHit, type SearchPage, searchPlugins } from './search.ts';
export type { Viewer } from './viewer.ts';
export { deprecateVersion, undeprecateVersion, unyankVersion, yankVersion } from './withdrawal.ts';
