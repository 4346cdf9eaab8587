/** Uploads whose connection ends in the middle leave nothing, and hold nothing up. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { openSocket } from '../support/raw-http.ts';
import { registryState } from '../support/registry-state.ts';
import { packDraft, signArchive } from '../support/test-package.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const kelompok = await souk.publisher('kelompok', await souk.org('acme'));
const archive = packDraft({ id: 'kelompok/hello' });
const BOUNDARY = 'a-boundary-of-this-test';
const part = (name: string, bytes: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"; filename="f"\r\n\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
const body = Buffer.concat([
  part('archive', archive),
  part('envelope', signArchive(archive, [kelompok.key])),
  Buffer.from(`--${BOUNDARY}--\r\n`),
]);
const head = (length: string): string =>
  [
    'POST /api/v1/packages HTTP/1.1',
    `Host: ${new URL(souk.process.url).host}`,
    `Authorization: Bearer ${kelompok.client.token}`,
    `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
    length,
    '',
    '',
  ].join('\r\n');
const refusedUploads = (): Promise<number> =>
  souk.metric('souk_http_requests_total{method="POST",route="/api/v1/packages",status="400"}');

/** Sends half of the upload, and goes away once the server has begun to read it. */
async function breakOff(length: string, half: Buffer): Promise<void> {
  const socket = await openSocket(souk.process.url);
  socket.write(head(length));
  socket.write(half, () => socket.destroy());
  await once(socket, 'close');
}

it.each([
  ['with a stated length', `Content-Length: ${body.length}`, body.subarray(0, body.length / 2)],
  ['in chunks', 'Transfer-Encoding: chunked', Buffer.from(`${(100_000).toString(16)}\r\n${'x'.repeat(500)}`)],
])('cut off %s', async (_how, length, half) => {
  const before = await registryState(souk);
  const refused = await refusedUploads();
  await breakOff(length, half);
  await expect.poll(refusedUploads).toBe(refused + 1);
  expect(await registryState(souk)).toEqual(before);
});

it('that end inside the last part are no upload', async () => {
  const answer = await kelompok.client.send('POST', '/api/v1/packages', {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: body.subarray(0, -10),
  });
  expect([answer.status, answer.json.code]).toEqual([400, 'request_invalid']);
});

it('the whole upload is taken afterwards', async () => {
  const answer = await kelompok.client.send('POST', '/api/v1/packages', {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body,
  });
  expect(answer.status, answer.text).toBe(201);
});
