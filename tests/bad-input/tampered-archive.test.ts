/** A byte changed after signing, a file added, another archive under a good envelope: refused before anything is read. */
import { expect, it } from 'vitest';
import { registryState } from '../support/registry-state.ts';
import { packDraft, signArchive } from '../support/test-package.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const kelompok = await souk.publisher('kelompok', await souk.org('acme'));
const archive = packDraft({ id: 'kelompok/hello' });
const envelope = signArchive(archive, [kelompok.key]);

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const TRICKS: readonly [string, Uint8Array, number, string][] = [
  ['one bit in a file', flipped(archive, 100), 422, 'signed_archive_differs'],
  ['one bit in the first magic number', flipped(archive, 0), 422, 'signed_archive_differs'],
  ['one bit in the end record', flipped(archive, archive.length - 3), 422, 'signed_archive_differs'],
  ['a byte behind the end', Buffer.concat([archive, Buffer.of(0)]), 422, 'signed_archive_differs'],
  ['cut off', archive.subarray(0, -1), 422, 'signed_archive_differs'],
  ['another version', packDraft({ id: 'kelompok/hello', version: '1.0.1' }), 422, 'signed_archive_differs'],
  ['nothing at all', new Uint8Array(), 400, 'upload_empty'],
];

it.each(TRICKS)('%s', async (_trick, bytes, status, code) => {
  const before = await registryState(souk);
  const answer = await kelompok.upload(bytes, envelope);
  expect([answer.status, answer.json.code]).toEqual([status, code]);
  expect(await registryState(souk)).toEqual({ ...before, refusals: [...before.refusals, code] });
});

it('the untouched archive is taken afterwards', async () => {
  const answer = await kelompok.upload(archive, envelope);
  expect(answer.status, answer.text).toBe(201);
  expect((await registryState(souk)).versions).toEqual(['kelompok/hello 1.0.0']);
});
