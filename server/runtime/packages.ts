/** Packages for runners: the stored bytes, read again by the strict gate, held against their digest. */
import type { PackagePort } from '../../sandbox/index.ts';
import type { BlobStore } from '../../registry/blobs/index.ts';
import { readPackage } from '../../registry/package/index.ts';
import { Fault } from '../../spec/refusal.ts';

/** What a guest can import or bring: code, source maps, and data files that modules may hold. */
const LOADABLE = /\.(?:m?js|json|map)$/u;

export function packagePort(blobs: BlobStore): PackagePort {
  return {
    files: async (digest) => {
      const bytes = await blobs.get(digest);
      if (!bytes) return undefined;
      const read = readPackage(bytes);
      if (read.archiveSha256 !== digest) throw new Fault('a stored package is not what its name says');
      return new Map([...read.files].filter(([path]) => LOADABLE.test(path)));
    },
  };
}
