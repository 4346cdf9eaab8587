export { PackageReader, type PackageReaderOptions } from './package-reader.ts';
export { type PackageEntry, type ReadPackage, readPackage } from './read-package.ts';
export type { InspectedPackage } from './reader-protocol.ts';
