export { type PackageEntry, type ReadPackage, readPackage } from './read-package.ts';
