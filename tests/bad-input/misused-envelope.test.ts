/** Good signatures under the wrong words, and too many of them. */
import { expect, it } from 'vitest';
import { registryState } from '../support/registry-state.ts';
import { packDraft, signArchive } from '../support/test-package.ts';
import { testSouk } from '../support/test-souk.ts';
import { readPackage } from '../../registry/package/index.ts';
import {
  formatEnvelope,
  PrivateKey,
  signEnvelope,
  STATEMENT_PAYLOAD_TYPE,
  writeStatement,
  type PackageIdentity,
} from '../../signing/index.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const situs = await souk.publisher('situs', acme);
const archive = packDraft({ id: 'kelompok/hello' });
const IDENTITY = { publisher: 'kelompok', plugin: 'hello', version: '1.0.0' };

/** Says of these very bytes that they are something else. */
function statementAbout(identity: Partial<PackageIdentity>): Uint8Array {
  const { archiveSha256: sha256, size, entries } = readPackage(archive);
  return writeStatement({ ...IDENTITY, ...identity }, { sha256, size }, entries);
}

function envelope(payloadType: string, payload: Uint8Array, keys = [kelompok.key]): Uint8Array {
  return Buffer.from(formatEnvelope(signEnvelope(payloadType, payload, keys)));
}

function altered(change: (document: { signatures: { sig: string; keyid: string }[] }) => void): Uint8Array {
  const document = JSON.parse(Buffer.from(signArchive(archive, [kelompok.key])).toString());
  change(document);
  return Buffer.from(JSON.stringify(document));
}

/** Adds the group order to S: other bytes that fit the same equation (RFC 8032, section 5.1.7). */
function malleate(signature: string): string {
  const bytes = Buffer.from(signature, 'base64');
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const scalar = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
  Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse().copy(bytes, 32);
  return bytes.toString('base64');
}

const SEVENTEEN = Array.from({ length: 17 }, () => PrivateKey.generate());
const TRICKS: readonly [string, Uint8Array, number, string][] = [
  [
    'made for another version',
    envelope(STATEMENT_PAYLOAD_TYPE, statementAbout({ version: '1.0.1' })),
    422,
    'statement_other_version',
  ],
  [
    'made for another plugin',
    envelope(STATEMENT_PAYLOAD_TYPE, statementAbout({ plugin: 'other' })),
    422,
    'statement_other_plugin',
  ],
  [
    'made for another publisher of the same organization, by its key',
    envelope(STATEMENT_PAYLOAD_TYPE, statementAbout({ publisher: 'situs' }), [situs.key]),
    422,
    'statement_other_publisher',
  ],
  [
    'made for another publisher, by the key of this one',
    envelope(STATEMENT_PAYLOAD_TYPE, statementAbout({ publisher: 'situs' })),
    422,
    'signature_key_unknown',
  ],
  [
    'signed for another purpose',
    envelope('application/vnd.souk.publisher-keys+json', statementAbout({})),
    422,
    'envelope_payload_type_wrong',
  ],
  [
    '17 signatures',
    envelope(STATEMENT_PAYLOAD_TYPE, statementAbout({}), SEVENTEEN),
    422,
    'envelope_signatures_too_many',
  ],
  ['no signature', altered((document) => (document.signatures = [])), 422, 'envelope_signatures_missing'],
  [
    'malleated signature',
    altered(({ signatures: [first] }) => first && (first.sig = malleate(first.sig))),
    422,
    'signature_malleable',
  ],
  [
    'half a signature',
    altered(({ signatures: [first] }) => first && (first.sig = Buffer.alloc(32).toString('base64'))),
    422,
    'signature_malformed',
  ],
  ['no JSON', Buffer.from('PK'), 400, 'envelope_invalid'],
  ['larger than an envelope may be', Buffer.alloc(4 * 1024 * 1024 + 1, ' '), 413, 'envelope_too_large'],
];

it.each(TRICKS)('%s', async (_trick, bytes, status, code) => {
  const before = await registryState(souk);
  const answer = await kelompok.upload(archive, bytes);
  expect([answer.status, answer.json.code]).toEqual([status, code]);
  expect(await registryState(souk)).toEqual({ ...before, refusals: [...before.refusals, code] });
});

it('the envelope of an earlier version does not carry a later archive', async () => {
  const first = await kelompok.publish({ id: 'kelompok/replayed' });
  expect(first.answer.status).toBe(201);
  const later = packDraft({ id: 'kelompok/replayed', version: '1.0.1' });
  const answer = await kelompok.upload(later, first.envelope);
  expect([answer.status, answer.json.code]).toEqual([422, 'signed_archive_differs']);
});

it('the right envelope is taken afterwards', async () => {
  expect((await kelompok.upload(archive, signArchive(archive, [kelompok.key]))).status).toBe(201);
});
