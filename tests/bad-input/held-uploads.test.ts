/** Uploads that are begun and never ended: what they hold in memory is bounded, and kept from nobody else. */
import type { Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { HTTP_LIMITS, PACKAGE_LIMITS } from '../../spec/limits.ts';
import type { TestOrg } from '../support/test-org.ts';
import { openSocket } from '../support/raw-http.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const other = await souk.org('other');
const situs = await souk.publisher('situs', other);
const { host } = new URL(souk.process.url);

/** Says that it will send the largest archive there may be, and sends the first bytes of it. */
async function begin({ owner }: TestOrg): Promise<Socket> {
  const socket = await openSocket(souk.process.url);
  onTestFinished(() => void socket.destroy());
  const head = ['POST /api/v1/packages HTTP/1.1', `Host: ${host}`, `Authorization: Bearer ${owner.token}`];
  const fields = ['Content-Type: application/zip', `Content-Length: ${PACKAGE_LIMITS.archiveBytesMax}`];
  socket.write([...head, ...fields, '', 'PK'].join('\r\n'), 'latin1');
  return socket;
}

const HELD = Math.floor(HTTP_LIMITS.uploadsOfOneBytesMax / PACKAGE_LIMITS.archiveBytesMax);
const LEFT_BYTES = HTTP_LIMITS.uploadsOfOneBytesMax - HELD * PACKAGE_LIMITS.archiveBytesMax;

/** One that is just too large for what is left. */
const sendNoArchive = () =>
  acme.owner.send('POST', '/api/v1/packages', {
    headers: { 'content-type': 'application/zip' },
    body: 'x'.repeat(LEFT_BYTES + 1),
  });

it('of one user are so many, the next is refused unread, and others publish meanwhile', async () => {
  const begun = await Promise.all(Array.from({ length: HELD }, () => begin(acme)));
  await vi.waitFor(async () => {
    const refused = await sendNoArchive();
    expect([refused.status, refused.json.code]).toEqual([503, 'uploads_too_many']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  }, 30_000);
  await situs.ship({ id: 'situs/meanwhile' });

  for (const socket of begun) socket.destroy();
  await vi.waitFor(async () => expect((await sendNoArchive()).json.code).toBe('envelope_missing'), 30_000);
});
