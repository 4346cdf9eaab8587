export type { Destination, PublishingPorts } from './ports.ts';
export { publishPackage } from './publish-package.ts';
