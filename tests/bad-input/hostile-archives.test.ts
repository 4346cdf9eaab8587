/** Every archive of the corpus and every trick of manifests, through the door that takes them without a signature. */
import { beforeAll, expect, it } from 'vitest';
import { registryState } from '../support/registry-state.ts';
import { packDraft, packFiles } from '../support/test-package.ts';
import { testSouk } from '../support/test-souk.ts';
import { REJECT_ENTRIES } from '../../registry/package/corpus/reject-entries.ts';
import { REJECT_NAMES } from '../../registry/package/corpus/reject-names.ts';
import { REJECT_STRUCTURE } from '../../registry/package/corpus/reject-structure.ts';
import { ERROR_CODES, type ErrorCode } from '../../spec/error-codes.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
await souk.publisher('kelompok', acme);
const send = (archive: Uint8Array) =>
  acme.owner.send('POST', acme.path('/packages'), {
    body: new Blob([Buffer.from(archive)]),
    headers: { 'content-type': 'application/zip' },
  });

const whole = { manifestVersion: 1, id: 'kelompok/hello', version: '1.0.0', name: 'Hello', main: 'index.js' };
const text = JSON.stringify(whole);
const withManifest =
  (manifest: string): (() => Uint8Array) =>
  () =>
    packFiles({ 'manifest.json': manifest, 'index.js': 'export default {};\n' });
const MANIFESTS: readonly { trick: string; code: ErrorCode; archive: () => Uint8Array }[] = [
  { trick: 'manifest: a byte order mark', code: 'manifest_not_json', archive: withManifest(`\ufeff${text}`) },
  {
    trick: 'manifest: a key twice',
    code: 'manifest_not_json',
    archive: withManifest(text.replace('{', '{"name":"Other",')),
  },
  {
    trick: 'manifest: __proto__',
    code: 'manifest_not_json',
    archive: withManifest(text.replace('{', '{"__proto__":{"id":"a/b"},')),
  },
  {
    trick: 'manifest: nested too deep',
    code: 'manifest_not_json',
    archive: withManifest(text.replace('{', `{"config":${'['.repeat(9_000)}${']'.repeat(9_000)},`)),
  },
  {
    trick: 'manifest: wrong types',
    code: 'manifest_invalid',
    archive: withManifest(JSON.stringify({ ...whole, name: ['Hello'], permissions: {} })),
  },
  {
    trick: 'manifest: an unknown key',
    code: 'manifest_invalid',
    archive: withManifest(JSON.stringify({ ...whole, permision: [] })),
  },
  {
    trick: 'manifest: constructor as a permission',
    code: 'manifest_invalid',
    archive: withManifest(JSON.stringify({ ...whole, permissions: [{ name: 'constructor' }] })),
  },
  {
    trick: 'manifest: a type that no text can be made of',
    code: 'manifest_invalid',
    archive: withManifest(JSON.stringify({ ...whole, type: { toString: 1 } })),
  },
  {
    trick: 'manifest: a version that rounds',
    code: 'manifest_invalid',
    archive: withManifest(JSON.stringify({ ...whole, version: '1.0.0-9007199254740993' })),
  },
  {
    trick: 'manifest: an integer that rounds',
    code: 'manifest_not_json',
    archive: withManifest(text.replace('{', '{"config":{"default":9007199254740993},')),
  },
  {
    trick: 'manifest: build metadata in the version',
    code: 'manifest_invalid',
    archive: withManifest(JSON.stringify({ ...whole, version: '1.0.0+a' })),
  },
  {
    trick: 'manifest: 10 MB',
    code: 'manifest_too_large',
    archive: withManifest(text + ' '.repeat(10_000_000)),
  },
  {
    trick: 'manifest: none',
    code: 'manifest_missing',
    archive: () => packFiles({ 'index.js': 'export default {};\n' }),
  },
  {
    trick: 'manifest: a theme, which nothing shows yet',
    code: 'contribution_not_supported',
    archive: withManifest(JSON.stringify({ ...whole, contributes: { theme: { accent: '#123456' } } })),
  },
];

/** What is seen before a byte is read as an archive has the code of that place. */
const SEEN_BEFORE: Readonly<Record<string, ErrorCode>> = {
  'no-bytes': 'upload_empty',
  'over-the-size-limit': 'body_too_large',
};
const CASES = [...REJECT_NAMES, ...REJECT_STRUCTURE, ...REJECT_ENTRIES, ...MANIFESTS].map((each) => ({
  ...each,
  code: SEEN_BEFORE[each.trick] ?? each.code,
}));

beforeAll(async () => {
  const refused = await send(packDraft({ id: 'kelompok/hello' }));
  expect([refused.status, refused.json.code]).toEqual([422, 'envelope_missing']);
  const allowed = await acme.owner.sendJson('PATCH', acme.path(''), { unsignedPackages: 'allow' });
  expect(allowed.status, allowed.text).toBe(200);
});

it.each(CASES)('$trick', async ({ archive, code }) => {
  const answer = await send(archive());
  expect([answer.status, answer.json.code]).toEqual([ERROR_CODES[code].status, code]);
  expect(answer.json.hint).toMatch(/\w/u);
  expect(answer.text).not.toContain('node_modules');
});

it('left nothing but their audit entries, and the next package is taken', async () => {
  const { versions, blobs, refusals } = await registryState(souk);
  expect([versions, blobs]).toEqual([[], []]);
  const audited = CASES.map(({ code }) => code).filter((code) => code !== 'body_too_large');
  expect(refusals).toEqual(['envelope_missing', ...audited]);
  const taken = await send(packDraft({ id: 'kelompok/hello' }));
  expect([taken.status, taken.json?.signature], taken.text).toEqual([201, 'unsigned']);
});
