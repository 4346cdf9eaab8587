export type { BlobStore, BlobRange, OpenBlob } from './blob-store.ts';
export { blobLock } from './blob-lock.ts';
export { openFileBlobStore } from './file-blob-store.ts';
export { sweepBlobs } from './sweep.ts';
