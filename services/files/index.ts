export { fileCapabilities } from '../../spec/host/files.ts';
export { FILE_ENTITIES } from './entities.ts';
export { openFiles, type Files, type NewFile } from './files.ts';
