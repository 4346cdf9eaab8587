import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishPackage } from '../publishing/publish-package.ts';
import {
  freshId,
  giveKeys,
  signedUpload,
  startTestRegistry,
  type TestRegistry,
} from '../publishing/testing.ts';
import { sweepBlobs } from './sweep.ts';

let registry: TestRegistry;

beforeAll(async () => {
  registry = await startTestRegistry();
  await giveKeys(registry, 'kelompok');
});
afterAll(() => registry.close());

/** Without grace, as if every blob had been put long ago. */
const sweepAll = () => sweepBlobs({ ...registry.ports, graceMs: -60_000, now: new Date() });

describe('sweepBlobs', () => {
  it('takes orphans, also of other sizes, and leaves what a version names', async () => {
    const { blobs } = registry.ports;
    const { archiveSha256 } = await publishPackage(registry.ports, signedUpload({ id: freshId() }));
    const orphans = await Promise.all(['', 'x'].map((text) => blobs.put(Buffer.from(text))));
    expect(await sweepAll()).toEqual({ blobsRemoved: 2, leftoversRemoved: 0 });
    for (const orphan of orphans) expect(await blobs.has(orphan)).toBe(false);
    expect(await blobs.has(archiveSha256)).toBe(true);
  });

  it('leaves what is younger than the grace, whose publication may be at work', async () => {
    const orphan = await registry.ports.blobs.put(Buffer.from('young'));
    await sweepBlobs({ ...registry.ports, graceMs: 60_000, now: new Date() });
    expect(await registry.ports.blobs.has(orphan)).toBe(true);
  });

  it('never takes the bytes of a version that is being stored, over an orphan that was there before', async () => {
    const uploads = Array.from({ length: 12 }, () => signedUpload({ id: freshId() }));
    for (const { archive } of uploads) await registry.ports.blobs.put(archive);
    const done = new AbortController();
    // Without grace, the sweep would also take what is being written at this moment for a leftover.
    const blobs = { ...registry.ports.blobs, removeLeftovers: async () => 0 };
    const sweep = { ...registry.ports, blobs, graceMs: -60_000 };
    const sweeping = (async () => {
      while (!done.signal.aborted) await sweepBlobs({ ...sweep, now: new Date() });
    })();
    const published = await Promise.all(uploads.map((upload) => publishPackage(registry.ports, upload)));
    done.abort();
    await sweeping;
    const kept = await Promise.all(
      published.map(({ archiveSha256 }) => registry.ports.blobs.has(archiveSha256)),
    );
    expect(kept).toEqual(published.map(() => true));
  });
});
