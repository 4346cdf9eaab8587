export { importCapabilities } from '../../spec/host/imports.ts';
export { openImports, type Imports } from './imports.ts';
