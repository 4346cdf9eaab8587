/** Signatures by keys that do not speak for the publisher. */
import { expect, it } from 'vitest';
import { registryState } from '../support/registry-state.ts';
import { packDraft, signArchive } from '../support/test-package.ts';
import { TestPublisher } from '../support/test-publisher.ts';
import { testSouk } from '../support/test-souk.ts';
import { PrivateKey } from '../../signing/index.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const situs = await souk.publisher('situs', await souk.org('other'));
const archive = packDraft({ id: 'kelompok/hello' });

async function expectRefused(key: PrivateKey, code: string): Promise<void> {
  const before = await registryState(souk);
  const answer = await kelompok.upload(archive, signArchive(archive, [key]));
  expect([answer.status, answer.json.code]).toEqual([422, code]);
  expect(await registryState(souk)).toEqual({ ...before, refusals: [...before.refusals, code] });
}

it('a key that nobody registered', () => expectRefused(PrivateKey.generate(), 'signature_key_unknown'));

it('the key of another publisher', () => expectRefused(situs.key, 'signature_key_unknown'));

it('no envelope at all', async () => {
  const answer = await kelompok.upload(archive, null);
  expect([answer.status, answer.json.code]).toEqual([422, 'envelope_missing']);
});

it('a publisher without keys', async () => {
  await acme.owner.post(acme.path('/publishers'), { name: 'keyless' });
  const { answer } = await new TestPublisher('keyless', acme.owner).publish({ id: 'keyless/hello' });
  expect([answer.status, answer.json.code]).toEqual([422, 'publisher_keys_missing']);
});

it('a publisher that does not exist', async () => {
  const { answer } = await new TestPublisher('nobody', acme.owner).publish({ id: 'nobody/hello' });
  expect([answer.status, answer.json.code]).toEqual([404, 'publisher_unknown']);
});

it('the right key in the hands of somebody else’s account', async () => {
  const { answer } = await new TestPublisher('kelompok', situs.client, kelompok.key).publish({
    id: 'kelompok/hello',
  });
  expect([answer.status, answer.json.code]).toEqual([403, 'publisher_not_yours']);
});

it('the right key is taken afterwards', async () => {
  expect((await kelompok.publish({ id: 'kelompok/hello' })).answer.status).toBe(201);
});
