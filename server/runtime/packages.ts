/** Packages for runners: the stored bytes, read again by the strict gate, held against their digest. */
import type { PackagePort, SourceMaps } from '../../sandbox/index.ts';
import type { BlobStore } from '../../registry/blobs/index.ts';
import { readPackage } from '../../registry/package/index.ts';
import { Fault } from '../../spec/refusal.ts';

/** What a guest can import: code, and data files that modules may hold. */
const LOADABLE = /\.(?:m?js|json)$/u;

export function packagePort(blobs: BlobStore, sourceMaps: SourceMaps): PackagePort {
  return {
    files: async (digest) => {
      const bytes = await blobs.get(digest);
      if (!bytes) return undefined;
      const read = readPackage(bytes);
      if (read.archiveSha256 !== digest) throw new Fault('a stored package is not what its name says');
      sourceMaps.keep(digest, read.files);
      return new Map([...read.files].filter(([path]) => LOADABLE.test(path)));
    },
  };
}
