export { promisedContents } from './promised-contents.ts';
export { type PackageEntry, type ReadPackage, readPackage } from './read-package.ts';
