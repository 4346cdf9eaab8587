import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf, time } from '../../signing/testing.fixture.ts';
import type { ErrorCode } from '../../spec/error-codes.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import { sweepBlobs } from '../blobs/index.ts';
import type { InspectionContext } from '../inspection/index.ts';
import type { PublishingPorts, PublishRequest } from './ports.ts';
import { publishPackage } from './publish-package.ts';
import {
  authorIn,
  freshId,
  giveKeys,
  makeArchive,
  NOW,
  ORG,
  OTHER_ORG,
  PRIVATE,
  PUBLIC,
  signArchive,
  signedUpload,
  startTestRegistry,
  type TestRegistry,
} from './testing.ts';

let registry: TestRegistry;

beforeAll(async () => {
  registry = await startTestRegistry();
  for (const publisher of ['kelompok', 'sahabot']) await giveKeys(registry, publisher);
});
afterAll(() => registry.close());

const publish = (request: PublishRequest, ports: Partial<PublishingPorts> = {}) =>
  publishPackage({ ...registry.ports, ...ports }, request);

async function rowsOf(table: string): Promise<number> {
  const { rows } = await registry.test.superuser.query<{ count: number }>(
    `select count(*)::int as count from ${table}`,
  );
  return rows[0]?.count ?? -1;
}

/** Expects the refusal, its entry in the audit log, and that nothing else was written. */
async function expectRefused(code: ErrorCode, act: () => Promise<unknown>): Promise<void> {
  const before = [await rowsOf('plugin'), await rowsOf('plugin_version')];
  const audited = await rowsOf('audit_entry');
  await expect(act()).rejects.toMatchObject({ name: 'Refusal', code });
  expect([await rowsOf('plugin'), await rowsOf('plugin_version')]).toEqual(before);
  expect(await rowsOf('audit_entry')).toBe(audited + 1);
  const { rows } = await registry.test.superuser.query<{ action: string; detail: string }>(
    'select action, detail from audit_entry order by id desc limit 1',
  );
  expect(rows[0]?.action).toBe('package.refused');
  expect(JSON.parse(rows[0]?.detail ?? '')).toMatchObject({ code });
}

describe('publishPackage: what is taken', () => {
  it('is read in the turn of the user who sent it', async () => {
    const owners: string[] = [];
    const { reader } = registry.ports;
    const noting = {
      read: (archive: Uint8Array, context: InspectionContext, owner: string) => {
        owners.push(owner);
        return reader.read(archive, context, owner);
      },
    };
    const author = authorIn(ORG);
    const archive = makeArchive({ id: freshId() });
    await publish({ author, destination: PRIVATE, archive }, { reader: noting as PublishingPorts['reader'] });
    expect(author.actor).toEqual({ kind: 'user', userId: owners[0] });
  });

  it('stores the very bytes, and answers with their digest', async () => {
    const id = freshId();
    const bytes = makeArchive({ id });
    const digest = createHash('sha256').update(bytes).digest('hex');
    const publication = await publish({
      author: authorIn(ORG),
      destination: PUBLIC,
      archive: Uint8Array.from(bytes),
      envelope: signArchive(bytes),
    });
    expect(publication).toMatchObject({
      outcome: 'published',
      plugin: id,
      version: '1.0.0',
      visibility: 'public',
      state: 'approved',
      signature: 'trusted',
      archiveSha256: digest,
      archiveBytes: bytes.length,
      acceptedAt: NOW,
    });
    expect(Buffer.from((await registry.ports.blobs.get(digest)) ?? [])).toEqual(Buffer.from(bytes));
  });

  it('answers the same bytes again as it answered first', async () => {
    const id = freshId();
    const first = await publish(signedUpload({ id }));
    const audited = await rowsOf('audit_entry');
    const again = await publish(signedUpload({ id }), { now: () => time('2026-07-01') });
    expect(again).toEqual({ ...first, outcome: 'already_published' });
    expect(await rowsOf('audit_entry')).toBe(audited);
  });

  it('heals stored bytes that were damaged or lost, when the same ones are published again', async () => {
    const id = freshId();
    // The reader takes an archive over from whom it is given: each upload needs its own.
    const upload = (): PublishRequest => signedUpload({ id });
    const { archiveSha256, archiveBytes } = await publish(upload());
    const path = join(registry.blobFolder, 'sha256', archiveSha256.slice(0, 2), archiveSha256);
    for (const damage of [() => writeFile(path, Buffer.alloc(archiveBytes)), () => rm(path)]) {
      await damage();
      expect((await publish(upload())).outcome).toBe('already_published');
      const healed = Buffer.from((await registry.ports.blobs.get(archiveSha256)) ?? []);
      expect(healed.equals(upload().archive)).toBe(true);
    }
  });

  it('lets exactly one of several builds of a version win that arrive at two servers at once', async () => {
    const id = freshId();
    const second = { database: await registry.test.open() };
    const builds = Array.from({ length: 6 }, (_, index) => signedUpload({ id }, {}, `// ${index}\n`));
    const results = await Promise.allSettled(
      builds.map((build, index) => publish(build, index % 2 === 0 ? {} : second)),
    );
    const won = results.filter((result) => result.status === 'fulfilled');
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    expect(won).toHaveLength(1);
    expect(codes).toEqual(Array.from({ length: 5 }, () => 'version_exists'));
  });

  it('gives the same upload, sent six times at once, one version and the same answer', async () => {
    const id = freshId();
    const results = await Promise.all(Array.from({ length: 6 }, () => publish(signedUpload({ id }))));
    expect(results.filter(({ outcome }) => outcome === 'published')).toHaveLength(1);
    expect(new Set(results.map(({ archiveSha256 }) => archiveSha256)).size).toBe(1);
  });

  it('takes an unsigned archive into a private registry that allows it, and marks it', async () => {
    const archive = makeArchive({ id: freshId() });
    const publication = await publish({ author: authorIn(ORG), destination: PRIVATE, archive });
    expect(publication).toMatchObject({ signature: 'unsigned', visibility: 'private', state: 'approved' });
  });
});

describe('publishPackage: what is refused', () => {
  const cases: { trick: string; code: ErrorCode; request: () => PublishRequest }[] = [
    {
      trick: 'no bytes at all',
      code: 'upload_empty',
      request: () => signedUpload({}, { archive: new Uint8Array() }),
    },
    {
      trick: 'an unsigned archive for everyone',
      code: 'envelope_missing',
      request: () => ({
        author: authorIn(ORG),
        destination: PUBLIC,
        archive: makeArchive({ id: freshId() }),
      }),
    },
    {
      trick: 'an unsigned archive where the org wants signatures',
      code: 'envelope_missing',
      request: () => ({
        author: authorIn(ORG),
        destination: { ...PRIVATE, kind: 'private', orgId: ORG, unsigned: 'refuse' },
        archive: makeArchive({ id: freshId() }),
      }),
    },
    {
      trick: 'one byte changed after signing',
      code: 'signed_archive_differs',
      request: () => {
        const upload = signedUpload({ id: freshId() });
        const archive = Uint8Array.from(upload.archive);
        archive[40] = (archive[40] ?? 0) ^ 1;
        return { ...upload, archive };
      },
    },
    {
      trick: 'an envelope of another build',
      code: 'signed_archive_differs',
      request: () => {
        const id = freshId();
        return signedUpload({ id }, { envelope: signArchive(makeArchive({ id }, '// other\n')) });
      },
    },
    {
      trick: 'a key that nobody registered',
      code: 'signature_key_unknown',
      request: () => {
        const archive = makeArchive({ id: freshId() });
        return signedUpload({}, { archive, envelope: signArchive(archive, [keyOf(9)]) });
      },
    },
    {
      trick: 'the root key, which may not publish',
      code: 'signature_key_role_wrong',
      request: () => {
        const archive = makeArchive({ id: freshId() });
        return signedUpload({}, { archive, envelope: signArchive(archive, [keyOf(1)]) });
      },
    },
    {
      trick: 'a publisher of another org',
      code: 'not_found',
      request: () => signedUpload({ id: freshId('sahabot') }),
    },
    {
      trick: 'a publisher without keys',
      code: 'publisher_keys_missing',
      request: () => signedUpload({ id: freshId('situs') }),
    },
    {
      trick: "an unsigned package under another org's publisher",
      code: 'not_found',
      request: () => ({
        author: authorIn(ORG),
        destination: PRIVATE,
        archive: makeArchive({ id: freshId('sahabot') }),
      }),
    },
    {
      trick: "into another org's registry",
      code: 'publisher_other_org',
      request: () =>
        signedUpload(
          { id: freshId() },
          { destination: { kind: 'private', orgId: OTHER_ORG, unsigned: 'allow' } },
        ),
    },
    {
      trick: 'bytes that are no archive',
      code: 'archive_end_record_missing',
      request: () => ({ author: authorIn(ORG), destination: PRIVATE, archive: new Uint8Array(1_000) }),
    },
    {
      trick: 'an envelope that is no JSON',
      code: 'envelope_invalid',
      request: () => signedUpload({ id: freshId() }, { envelope: Buffer.from('{') }),
    },
    {
      trick: 'a dependency that does not exist',
      code: 'dependency_missing',
      request: () => signedUpload({ id: freshId(), dependencies: { 'nobody/nothing': '*' } }),
    },
    {
      trick: 'a dependency called like a prototype',
      code: 'dependency_missing',
      request: () => signedUpload({ id: freshId(), dependencies: { 'constructor/constructor': '*' } }),
    },
  ];
  it.each(cases)('$trick: $code', async ({ code, request }) => {
    const prepared = request();
    await expectRefused(code, () => publish(prepared));
  });

  it('other bytes under a published version: version_exists', async () => {
    const id = freshId();
    await publish(signedUpload({ id }));
    await expectRefused('version_exists', () => publish(signedUpload({ id }, {}, '// changed\n')));
  });

  it('a private package of a plugin that began in public: visibility_differs', async () => {
    const id = freshId();
    await publish(signedUpload({ id }));
    await expectRefused('visibility_differs', () =>
      publish(signedUpload({ id, version: '1.0.1' }, { destination: PRIVATE })),
    );
  });

  it('what finds no room: storage_full', async () => {
    const full = async (): Promise<never> => {
      throw new Refusal('storage_full', { detail: 'No room.' });
    };
    const blobs = { ...registry.ports.blobs, put: full };
    await expectRefused('storage_full', () => publish(signedUpload({ id: freshId() }), { blobs }));
  });

  it('a failure between blob and row leaves a blob for the sweep, and the next try publishes', async () => {
    const id = freshId();
    const stored: string[] = [];
    const blobs = {
      ...registry.ports.blobs,
      put: async (bytes: Uint8Array): Promise<never> => {
        stored.push(await registry.ports.blobs.put(bytes));
        throw new Fault('the process would have been killed here');
      },
    };
    const before = await rowsOf('plugin');
    await expect(publish(signedUpload({ id }), { blobs })).rejects.toThrow('killed here');
    expect(await rowsOf('plugin')).toBe(before);
    await sweepBlobs({ ...registry.ports, graceMs: -1_000, now: new Date() });
    expect(await registry.ports.blobs.has(stored[0] ?? '')).toBe(false);
    expect(await publish(signedUpload({ id }))).toMatchObject({
      outcome: 'published',
      archiveSha256: stored[0],
    });
    expect(await registry.ports.blobs.has(stored[0] ?? '')).toBe(true);
  });

  it('leaves no blob behind, once the sweep has run', async () => {
    await publish(signedUpload({ id: freshId() }, {}, '// kept\n'));
    await registry.ports.blobs.put(Buffer.from('nobody names this'));
    await sweepBlobs({ ...registry.ports, graceMs: -1_000, now: new Date() });
    const blobs = await Array.fromAsync(registry.ports.blobs.list());
    const { rows } = await registry.test.superuser.query<{ digest: string }>(
      'select distinct archive_digest as digest from plugin_version',
    );
    expect(blobs.map(({ digest }) => digest).toSorted()).toEqual(rows.map(({ digest }) => digest).toSorted());
  });
});

describe('publishPackage: dependencies', () => {
  it('resolves a required dependency, and refuses a range that nothing meets', async () => {
    const base = freshId();
    await publish(signedUpload({ id: base, version: '1.2.0' }));
    const met = signedUpload({ id: freshId(), dependencies: { [base]: '^1.0.0' } });
    expect(await publish(met)).toMatchObject({ state: 'approved' });
    await expectRefused('resolution_impossible', () =>
      publish(signedUpload({ id: freshId(), dependencies: { [base]: '^2.0.0' } })),
    );
  });

  it('refuses a required cycle, and takes an optional one', async () => {
    const [a, b] = [freshId(), freshId()];
    await publish(signedUpload({ id: a }));
    await publish(signedUpload({ id: b, dependencies: { [a]: '^1.0.0' } }));
    await expectRefused('dependency_cycle', () =>
      publish(signedUpload({ id: a, version: '1.1.0', dependencies: { [b]: '^1.0.0' } })),
    );
    const optional = signedUpload({ id: a, version: '1.1.0', optionalDependencies: { [b]: '^1.0.0' } });
    expect(await publish(optional)).toMatchObject({ state: 'approved' });
  });

  it('does not let a public package depend on what only its own org can see', async () => {
    const hidden = freshId();
    await publish(signedUpload({ id: hidden }, { destination: PRIVATE }));
    const needs = { dependencies: { [hidden]: '*' } };
    await expectRefused('dependency_missing', () => publish(signedUpload({ id: freshId(), ...needs })));
    const inside = signedUpload({ id: freshId(), ...needs }, { destination: PRIVATE });
    expect(await publish(inside)).toMatchObject({ state: 'approved' });
  });
});

describe('publishPackage: policy', () => {
  const strict = {
    firstPackage: 'hold',
    morePermissions: 'hold',
    trustedPublishers: new Set<string>(),
  } as const;
  const kv: Partial<Manifest> = { permissions: [{ name: 'kv', reason: 'counts' }] };

  it('holds the first package of an unknown publisher, or denies it, but not of a trusted one', async () => {
    const fresh = await startTestRegistry();
    try {
      await giveKeys(fresh, 'kelompok');
      const send = (settings: PublishingPorts['settings']) =>
        publishPackage({ ...fresh.ports, settings }, signedUpload({ id: freshId() }));
      await expect(send({ ...strict, firstPackage: 'deny' })).rejects.toMatchObject({
        code: 'first_package_denied',
      });
      expect(await send(strict)).toMatchObject({
        state: 'held',
        stateReason: expect.stringContaining('kelompok'),
      });
      expect(await send({ ...strict, trustedPublishers: new Set(['kelompok']) })).toMatchObject({
        state: 'approved',
      });
    } finally {
      await fresh.close();
    }
  });

  it('holds or denies a version that asks for more than its neighbour, also one numbered below it', async () => {
    const id = freshId();
    await publish(signedUpload({ id, version: '1.0.0' }));
    const deny = { settings: { ...strict, morePermissions: 'deny' } as const };
    const added = (version: string) => signedUpload({ id, version, ...kv });
    await expectRefused('permissions_grew', () => publish(added('1.1.0'), deny));
    await expectRefused('permissions_grew', () => publish(added('0.0.1'), deny));
    expect(await publish(added('1.1.0'), { settings: strict })).toMatchObject({
      state: 'held',
      stateReason: expect.stringContaining('Keeps its own data'),
    });
    expect(await publish(signedUpload({ id, version: '1.2.0' }), { settings: strict })).toMatchObject({
      state: 'approved',
    });
  });
});
