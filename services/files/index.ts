export { fileCapabilities } from './capabilities.ts';
export { FILE_ENTITIES } from './entities.ts';
export { openFiles, type Files, type NewFile } from './files.ts';
