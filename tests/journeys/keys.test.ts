/** Rotation and revocation of a publisher's keys, with the command, against a real server. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { commandLine, type CommandLine } from '../support/command-line.ts';
import { packDraft } from '../support/test-package.ts';
import type { TestOrg } from '../support/test-org.ts';
import { testSouk, type TestSouk } from '../support/test-souk.ts';

const PUBLISHER = 'kelompok';
const PLUGIN = 'kelompok/hello';

let souk: TestSouk;
let org: TestOrg;
let author: CommandLine;
let stranger: CommandLine;

beforeAll(async () => {
  souk = await testSouk();
  org = await souk.org('acme');
  const other = await souk.org('other');
  author = commandLine(souk.process.url, org.owner.token);
  stranger = commandLine(souk.process.url, other.owner.token);
  for (const name of ['root', 'first', 'second', 'third', 'fourth']) await author.ok('keygen', name);
  await author.ok('publisher', 'create', PUBLISHER, '--org', 'acme');
  await author.ok('keys', 'register', PUBLISHER, '--root', 'root.key', '--key', 'first.key');
  await stranger.ok('keygen', 'theirs');
  await stranger.ok('publisher', 'create', 'situs', '--org', 'other');
  await stranger.ok('keys', 'register', 'situs', '--root', 'theirs.key');
});

/** Packs a version and signs it with these keys. @returns the archive's name */
async function signed(line: CommandLine, version: string, ...keys: string[]): Promise<string> {
  const archive = `${version}.zip`;
  writeFileSync(join(line.folder, archive), packDraft({ id: PLUGIN, version }));
  await line.ok('sign', archive, '--key', ...keys.map((name) => `${name}.key`));
  return archive;
}

async function ship(version: string, ...keys: string[]): Promise<void> {
  await author.ok('publish', await signed(author, version, ...keys));
}

async function refusedWith(version: string, ...keys: string[]): Promise<string> {
  return author.refused('publish', await signed(author, version, ...keys));
}

async function acceptedAt(version: string): Promise<Date> {
  const { json } = await org.owner.get(`/api/v1/packages/${PLUGIN}/versions/${version}`);
  return new Date(json.acceptedAt);
}

async function signatures(): Promise<Record<string, string>> {
  const { json } = await org.owner.get(`/api/v1/packages/${PLUGIN}`);
  return Object.fromEntries(
    json.versions.map((each: { version: string; signature: string }) => [each.version, each.signature]),
  );
}

/** The version that a new installation would get. */
async function resolved(): Promise<string> {
  const { json } = await org.plan({ kind: 'install', plugin: PLUGIN });
  return json.changes.find(({ plugin }: { plugin: string }) => plugin === PLUGIN).toVersion;
}

function keyId(name: string): string {
  const [, id = ''] =
    /(ed25519:[0-9a-f]{64})/u.exec(readFileSync(join(author.folder, `${name}.pub`), 'utf8')) ?? [];
  return id;
}

test('a key of another publisher never works, whoever sends it', async () => {
  writeFileSync(join(author.folder, 'theirs.key'), readFileSync(join(stranger.folder, 'theirs.key')), {
    mode: 0o600,
  });
  expect(await refusedWith('0.9.0', 'theirs')).toBe('signature_key_unknown');
  expect(await stranger.refused('publish', await signed(stranger, '0.9.0', 'theirs'))).toBe(
    'publisher_not_yours',
  );
  expect(await stranger.refused('keys', 'rotate', PUBLISHER, '--by', 'theirs.key')).toBe(
    'publisher_not_yours',
  );
  expect(await author.refused('keys', 'rotate', PUBLISHER, '--by', 'theirs.key')).toMatch(
    /^envelope_|^signature_/u,
  );
});

test('after a rotation the new key signs, the old one no more, and what it signed stays good', async () => {
  await ship('1.0.0', 'first');
  const rotated = await author.souk('keys', 'rotate', PUBLISHER, '--by', 'root.key', '--key', 'second.key');
  expect(rotated.out).toContain(`${PUBLISHER}: key document 2, 1 of 1 root, 1 of 1 publish`);
  expect(rotated.out).toContain(keyId('second'));
  expect(await refusedWith('1.0.1', 'first')).toBe('signature_key_unknown');
  await ship('1.1.0', 'second');
  expect(await signatures()).toEqual({ '1.1.0': 'trusted', '1.0.0': 'trusted' });
});

test('a revocation reaches what was accepted from its time on, and nothing before', async () => {
  // Documents write whole seconds: the next one lies between the two versions.
  const from = new Date(Math.floor((await acceptedAt('1.1.0')).getTime() / 1000 + 1) * 1000);
  while (Date.now() < from.getTime()) await sleep(20);
  await ship('1.2.0', 'second');
  expect(await resolved()).toBe('1.2.0');
  const time = from.toISOString().replace('.000Z', 'Z');
  const reason = ['--from', time, '--reason', 'compromised'];
  const by = ['--by', 'root.key', '--key', 'third.key'];
  const answer = await author.ok('keys', 'revoke', PUBLISHER, keyId('second'), ...by, ...reason);
  expect(answer.distrusted).toEqual([`${PLUGIN}@1.2.0`]);
  expect(await signatures()).toEqual({ '1.2.0': 'untrusted', '1.1.0': 'trusted', '1.0.0': 'trusted' });
  expect(await resolved()).toBe('1.1.0');
  expect(await refusedWith('1.3.0', 'second')).toBe('signature_key_revoked');
  await ship('1.3.0', 'third');
  expect(await resolved()).toBe('1.3.0');
});

test('a revoked key cannot come back', async () => {
  const back = ['keys', 'rotate', PUBLISHER, '--by', 'root.key', '--key', 'second.key'];
  expect(await author.refused(...back)).toBe('key_document_invalid');
});

test('two keys of two sign, and one alone does not', async () => {
  const both = ['--key', 'third.key', 'fourth.key', '--key-threshold', '2'];
  await author.ok('keys', 'rotate', PUBLISHER, '--by', 'root.key', ...both);
  expect(await refusedWith('1.4.0', 'third')).toBe('signature_threshold_not_reached');
  await ship('1.4.0', 'third', 'fourth');
  expect(await author.refused('keys', 'rotate', PUBLISHER, '--by', 'root.key', '--key', 'third.key')).toBe(
    'key_document_invalid',
  );
});

test.each([
  ['a key that never was one', ['revoke', PUBLISHER, `ed25519:${'0'.repeat(64)}`], 'key_not_of_publisher'],
  ['half a key id', ['revoke', PUBLISHER, 'ed25519:00'], 'key_not_of_publisher'],
  ['a publisher without keys', ['revoke', 'nobody', `ed25519:${'0'.repeat(64)}`], 'publisher_keys_missing'],
])('revoke refuses %s', async (_, verb, code) => {
  const options = ['--by', 'root.key', '--from', '2026-01-01T00:00:00Z', '--reason', 'lost'];
  expect(await author.refused('keys', ...verb, ...options)).toBe(code);
});

test('revoke refuses to leave nobody who could sign, and a time without a zone', async () => {
  const revoke = ['keys', 'revoke', PUBLISHER, keyId('root'), '--by', 'root.key', '--reason', 'lost'];
  expect(await author.refused(...revoke, '--from', '2026-01-01T00:00:00Z')).toBe('key_role_empty');
  expect(await author.refused(...revoke, '--from', '2026-01-01T00:00:00')).toBe('time_invalid');
  const badReason = await author.souk(...revoke.slice(0, -1), 'bored', '--from', '2026-01-01T00:00:00Z');
  expect(badReason.exitCode).toBe(2);
});

test('a held package is decided on with souk review', async () => {
  const admin = commandLine(souk.process.url, souk.process.adminToken);
  expect((await admin.ok('review', 'list')).items).toEqual([]);
  expect(await admin.refused('review', 'approve', `${PLUGIN}@1.0.0`)).toBe('version_not_held');
  expect(await admin.refused('review', 'reject', 'nonsense', '--reason', 'No.')).toBe('release_invalid');
  expect(await author.refused('review', 'list')).toBe('scope_missing');
});

test('souk sweep takes away what no version names', async () => {
  const admin = commandLine(souk.process.url, souk.process.adminToken);
  const blob = join(souk.process.dataDir, 'packages', 'sha256', '00', '0'.repeat(64));
  writeFileSync(blob, 'an orphan');
  expect(await admin.ok('sweep')).toEqual({ blobsRemoved: 0, leftoversRemoved: 0 });
  expect(await admin.ok('sweep', '--grace-seconds', '0')).toEqual({ blobsRemoved: 1, leftoversRemoved: 0 });
  expect((await admin.souk('sweep', '--grace-seconds', 'soon')).exitCode).toBe(2);
  expect((await org.owner.get(`/api/v1/packages/${PLUGIN}/versions/1.0.0/archive`)).status).toBe(200);
});
