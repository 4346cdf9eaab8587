export { importCapabilities } from './capabilities.ts';
export { openImports, type Imports } from './imports.ts';
