import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../spec/manifest.ts';
import { publishPackage } from '../publishing/publish-package.ts';
import {
  authorIn,
  giveKeys,
  makeArchive,
  NOW,
  ORG,
  OTHER_ORG,
  PRIVATE,
  signedUpload,
  startTestRegistry,
  type TestRegistry,
} from '../publishing/testing.ts';
import {
  type CataloguePorts,
  deprecateVersion,
  describePlugin,
  describeVersion,
  grantPlugin,
  listFiles,
  listGrants,
  listHeldVersions,
  offeredVersions,
  openArchive,
  readEnvelope,
  reviewVersion,
  searchPlugins,
  type SearchQuery,
  undeprecateVersion,
  unyankVersion,
  type Viewer,
  withdrawGrant,
  yankVersion,
} from './index.ts';

const author = authorIn(ORG);
const stranger: Viewer = { kind: 'org', orgId: OTHER_ORG };
const owner: Viewer = { kind: 'org', orgId: ORG };
const anyone: Viewer = { kind: 'anonymous' };
const actor = { kind: 'user', userId: 'admin' } as const;

let registry: TestRegistry;
let ports: CataloguePorts;

const PACKAGES: Partial<Manifest>[] = [
  {
    id: 'kelompok/csv-import',
    name: 'CSV import',
    description: 'Imports members from files.',
    type: 'import',
    category: 'data',
    permissions: [{ name: 'kv', reason: 'Remembers the last row.' }],
  },
  {
    id: 'kelompok/mail-merge',
    name: 'Mail merge',
    description: 'Letters from CSV.',
    type: 'workflow',
    category: 'mail',
  },
  { id: 'kelompok/race-room', name: 'Rennräume', type: 'integration', author: { name: 'Ada' } },
];

beforeAll(async () => {
  registry = await startTestRegistry();
  ports = registry.ports;
  await giveKeys(registry, 'kelompok');
  for (const [index, manifest] of PACKAGES.entries())
    await publishPackage(
      { ...registry.ports, now: () => new Date(NOW.getTime() + index * 1_000) },
      signedUpload(manifest),
    );
  await publishPackage(registry.ports, signedUpload({ id: 'kelompok/csv-import', version: '1.1.0-beta.1' }));
  const archive = makeArchive({ id: 'kelompok/secret-csv', name: 'Secret CSV' });
  await publishPackage(registry.ports, { author, destination: PRIVATE, archive });
});
afterAll(() => registry.close());

const search = (query: SearchQuery, viewer: Viewer = anyone) => searchPlugins(ports.database, viewer, query);
const idsOf = async (query: SearchQuery, viewer?: Viewer): Promise<string[]> =>
  (await search(query, viewer)).hits.map(({ id }) => id.slice('kelompok/'.length)).toSorted();

describe('searchPlugins', () => {
  it.each<[string, SearchQuery, string[]]>([
    ['nothing given', {}, ['csv-import', 'mail-merge', 'race-room']],
    ['the beginning of a word', { text: 'impo' }, ['csv-import']],
    ['a word of the description', { text: 'letters' }, ['mail-merge']],
    ['words in any order and case', { text: 'FILES Csv' }, ['csv-import']],
    ['the id as it is written', { text: 'kelompok/race-room' }, ['race-room']],
    ['letters beyond ASCII', { text: 'rennräu' }, ['race-room']],
    ['the author', { text: 'ada' }, ['race-room']],
    ['what no plugin has', { text: 'constructor' }, []],
    ['a type', { type: 'workflow' }, ['mail-merge']],
    ['a category', { category: 'data' }, ['csv-import']],
    ['a permission', { permission: 'kv' }, ['csv-import']],
    ['another publisher', { publisher: 'sahabot' }, []],
    ['unsigned ones', { signature: 'unsigned' }, []],
    ['operators of the query language', { text: `csv' | !'x:* & (` }, []],
    ['two filters', { text: 'csv', type: 'workflow' }, ['mail-merge']],
  ])('finds by %s', async (_name, query, expected) => {
    expect(await idsOf(query)).toEqual(expected);
  });

  it('shows the newest stable version, and the best match first', async () => {
    const { hits } = await search({ text: 'csv' });
    expect(hits.map(({ id }) => id)).toEqual(['kelompok/csv-import', 'kelompok/mail-merge']);
    expect(hits[0]).toEqual({
      id: 'kelompok/csv-import',
      title: 'CSV import',
      description: 'Imports members from files.',
      type: 'import',
      category: 'data',
      latestVersion: '1.0.0',
      visibility: 'public',
      permissions: ['kv'],
      isSigned: true,
      listedAt: NOW,
    });
  });

  it('counts each facet without its own filter, and the total with all', async () => {
    const { facets, total } = await search({ type: 'import' });
    expect(total).toBe(1);
    expect(facets.type).toEqual([
      { value: 'import', count: 1 },
      { value: 'integration', count: 1 },
      { value: 'workflow', count: 1 },
    ]);
    expect(facets.category).toEqual([{ value: 'data', count: 1 }]);
    expect(facets.signature).toEqual([{ value: 'signed', count: 1 }]);
  });

  it.each([{}, { text: 'e' }, { text: 'kelompok' }])('pages through %j, each plugin once', async (query) => {
    const whole = (await search(query)).hits.map(({ id }) => id);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await search({ ...query, pageSize: 1, ...(cursor ? { cursor } : {}) });
      paged.push(...page.hits.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(paged).toEqual(whole);
  });

  it.each<[string, SearchQuery, string]>([
    ['signs only', { text: '***' }, 'search_invalid'],
    ['a text without end', { text: 'a'.repeat(100_000) }, 'search_invalid'],
    ['a type that is none', { type: 'constructor' }, 'search_invalid'],
    ['a NUL in a filter', { category: 'a\0' }, 'search_invalid'],
    ['half a character', { category: '\ud800' }, 'search_invalid'],
    ['a page of none', { pageSize: 0 }, 'search_invalid'],
    ['a page that is no number', { pageSize: Number.NaN }, 'search_invalid'],
    ['a made-up cursor', { cursor: 'e30' }, 'cursor_invalid'],
    ['a cursor that is no JSON', { cursor: '____' }, 'cursor_invalid'],
  ])('refuses %s', async (_name, query, code) => {
    await expect(search(query)).rejects.toMatchObject({ code });
  });

  it('refuses the cursor of another search', async () => {
    const { nextCursor } = await search({ pageSize: 1 });
    await expect(search({ text: 'csv', cursor: nextCursor ?? '' })).rejects.toMatchObject({
      code: 'cursor_invalid',
    });
  });
});

describe('what is private', () => {
  const id = 'kelompok/secret-csv';

  it('is there for its owner and the instance, and for nobody else', async () => {
    expect(await idsOf({ text: 'secret' }, owner)).toEqual(['secret-csv']);
    expect(await describeVersion(ports.database, owner, id, '1.0.0')).toMatchObject({
      signature: 'unsigned',
    });
    expect(await describePlugin(ports.database, { kind: 'instance' }, id)).toMatchObject({
      visibility: 'private',
    });
    for (const viewer of [anyone, stranger]) {
      expect(await idsOf({ text: 'secret' }, viewer)).toEqual([]);
      const looks = [
        () => describePlugin(ports.database, viewer, id),
        () => describeVersion(ports.database, viewer, id, '1.0.0'),
        () => listFiles(ports.database, viewer, id, '1.0.0'),
        () => openArchive(registry.ports, viewer, { id, version: '1.0.0' }),
      ];
      for (const look of looks) await expect(look()).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  it('appears to an org with a grant, and disappears with it', async () => {
    await grantPlugin(ports, { actor, id, orgId: OTHER_ORG });
    await grantPlugin(ports, { actor, id, orgId: OTHER_ORG });
    expect(await listGrants(ports, id)).toEqual([{ orgId: OTHER_ORG, grantedAt: NOW }]);
    expect(await describeVersion(ports.database, stranger, id, '1.0.0')).toMatchObject({ plugin: id });
    const offer = (orgId: string) =>
      ports.database.transaction({ kind: 'org', orgId }, (tx) =>
        offeredVersions(tx, { kind: 'org', orgId }, [id]),
      );
    expect([...(await offer(OTHER_ORG)).keys()]).toEqual([id]);
    await withdrawGrant(ports, { actor, id, orgId: OTHER_ORG });
    expect([...(await offer(OTHER_ORG)).keys()]).toEqual([]);
    await expect(describePlugin(ports.database, stranger, id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('needs a grant only where it is private', async () => {
    await expect(
      grantPlugin(ports, { actor, id: 'kelompok/csv-import', orgId: OTHER_ORG }),
    ).rejects.toMatchObject({ code: 'plugin_not_private' });
  });
});

describe('a version', () => {
  const id = 'kelompok/csv-import';

  it('is served as it came in: bytes, parts of them, envelope, files', async () => {
    const detail = await describeVersion(ports.database, anyone, id, '1.0.0');
    const bytes = makeArchive(PACKAGES[0] ?? {});
    const whole = await openArchive(registry.ports, anyone, { id, version: '1.0.0' });
    expect(whole).toMatchObject({ bytes: bytes.length, sha256: detail.archiveSha256 });
    expect(Buffer.concat(await Array.fromAsync(whole.stream))).toEqual(Buffer.from(bytes));
    const part = await openArchive(registry.ports, anyone, { id, version: '1.0.0' }, { start: 0, end: 1 });
    expect(Buffer.concat(await Array.fromAsync(part.stream)).toString()).toBe('PK');
    const files = await listFiles(ports.database, anyone, id, '1.0.0');
    expect(files.map(({ path }) => path)).toEqual(['LICENSE', 'README.md', 'index.js', 'manifest.json']);
    const envelope = JSON.parse(
      Buffer.from(await readEnvelope(ports.database, anyone, id, '1.0.0')).toString(),
    );
    expect(envelope).toMatchObject({ payloadType: 'application/vnd.in-toto+json' });
    expect(detail.keyIds).toEqual(envelope.signatures.map(({ keyid }: { keyid: string }) => keyid));
  });

  it.each(['../x', 'kelompok', 'kelompok/csv-import/', '__proto__/x', 'kelompok/csv\0'])(
    'is not found under %j',
    async (wrong) => {
      await expect(describePlugin(ports.database, anyone, wrong)).rejects.toMatchObject({
        code: 'not_found',
      });
    },
  );

  it.each(['v1.0.0', '1.0', '1.0.0+x', 'latest', '9'.repeat(500), '1.0.0\0'])('%j is none', async (wrong) => {
    await expect(describeVersion(ports.database, anyone, id, wrong)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('can be yanked and offered again: served all the while, but not shown as the newest', async () => {
    const address = { author, id, version: '1.0.0' };
    const yanked = await yankVersion(ports, { ...address, reason: ' loses rows ' });
    expect(yanked.yanked).toEqual({ at: NOW, reason: 'loses rows' });
    expect(await describePlugin(ports.database, anyone, id)).toMatchObject({ latestVersion: '1.1.0-beta.1' });
    await openArchive(registry.ports, anyone, { id, version: '1.0.0' }).then(({ stream }) => stream.cancel());
    const offered = await ports.database.transaction({ kind: 'instance' }, (tx) =>
      offeredVersions(tx, { kind: 'everyone' }, [id]),
    );
    expect(offered.get(id)?.map(({ version, yanked: isYanked }) => [version, isYanked])).toEqual([
      ['1.0.0', true],
      ['1.1.0-beta.1', false],
    ]);
    expect((await unyankVersion(ports, address)).yanked).toBeUndefined();
    expect(await describePlugin(ports.database, anyone, id)).toMatchObject({
      latestVersion: '1.0.0',
      title: 'CSV import',
      versions: [{ version: '1.1.0-beta.1' }, { version: '1.0.0', yanked: undefined }],
    });
  });

  it('can be deprecated in favour of another, which must be visible to whoever sees it', async () => {
    const request = { author, id, version: '1.0.0', reason: 'there is a better one' };
    for (const replacement of [id, 'kelompok/nothing', 'kelompok/secret-csv', 'x'])
      await expect(deprecateVersion(ports, { ...request, replacement })).rejects.toMatchObject({
        code: 'replacement_unknown',
      });
    const deprecated = await deprecateVersion(ports, { ...request, replacement: 'kelompok/mail-merge' });
    expect(deprecated.deprecated).toEqual({
      at: NOW,
      reason: 'there is a better one',
      replacement: 'kelompok/mail-merge',
    });
    expect((await undeprecateVersion(ports, request)).deprecated).toBeUndefined();
  });

  it('is withdrawn by its own publisher alone, with a reason', async () => {
    const address = { id, version: '1.0.0' };
    await expect(
      yankVersion(ports, { ...address, author: authorIn(OTHER_ORG), reason: 'mine' }),
    ).rejects.toMatchObject({ code: 'not_found' });
    for (const reason of ['', '   ', 'x'.repeat(501), 'a\0b'])
      await expect(yankVersion(ports, { ...address, author, reason })).rejects.toMatchObject({
        code: 'reason_invalid',
      });
  });

  it('never changes in what it says of its bytes, whoever tries', async () => {
    await expect(
      registry.test.superuser.query(`update plugin_version set archive_digest = repeat('0', 64)`),
    ).rejects.toThrow('never changes');
    const deleted = await ports.database.transaction({ kind: 'instance' }, ({ em }) =>
      em.execute('delete from plugin_version returning id'),
    );
    expect(deleted).toEqual([]);
  });
});

describe('review', () => {
  const settings = {
    firstPackage: 'hold',
    morePermissions: 'hold',
    trustedPublishers: new Set<string>(),
  } as const;
  const permissions: Manifest['permissions'] = [{ name: 'kv', reason: 'counts' }];
  const hold = (version: string) =>
    publishPackage(
      { ...registry.ports, settings },
      signedUpload({ id: 'kelompok/mail-merge', name: 'Mail merge', version, permissions }),
    );
  const decide = (version: string, decision: Parameters<typeof reviewVersion>[1]['decision']) =>
    reviewVersion(ports, { actor, id: 'kelompok/mail-merge', version, decision });

  it('keeps a held version to its owner until an approval offers it', async () => {
    await hold('1.1.0');
    const look = (viewer: Viewer) => describeVersion(ports.database, viewer, 'kelompok/mail-merge', '1.1.0');
    await expect(look(anyone)).rejects.toMatchObject({ code: 'not_found' });
    expect(await look(owner)).toMatchObject({ state: 'held' });
    expect((await listHeldVersions(ports.database, { limit: 9, cursor: undefined })).versions).toMatchObject([
      { plugin: 'kelompok/mail-merge', version: '1.1.0' },
    ]);
    expect(await decide('1.1.0', { kind: 'approve' })).toMatchObject({ state: 'approved' });
    expect(await look(anyone)).toMatchObject({ state: 'approved' });
    expect(await idsOf({ permission: 'kv' })).toEqual(['csv-import', 'mail-merge']);
    await expect(decide('1.1.0', { kind: 'reject', reason: 'late' })).rejects.toMatchObject({
      code: 'version_not_held',
    });
  });

  it('tells the author why a version was rejected, whose number stays taken', async () => {
    await publishPackage(registry.ports, signedUpload({ id: 'kelompok/mail-merge', version: '1.2.0' }));
    await hold('1.3.0');
    expect(await decide('1.3.0', { kind: 'reject', reason: 'counts what?' })).toMatchObject({
      state: 'rejected',
      stateReason: 'counts what?',
    });
    expect(await hold('1.3.0')).toMatchObject({ outcome: 'already_published', state: 'rejected' });
    await expect(
      describeVersion(ports.database, anyone, 'kelompok/mail-merge', '1.3.0'),
    ).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
