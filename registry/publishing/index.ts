export type { Decision, Destination, PublishingPorts, PublishingSettings, PublishRequest } from './ports.ts';
export type { Publication } from './publication.ts';
export { publishPackage } from './publish-package.ts';
