export { PackageReader, type PackageReaderOptions } from './package-reader.ts';
export type { InspectedPackage } from './reader-protocol.ts';
