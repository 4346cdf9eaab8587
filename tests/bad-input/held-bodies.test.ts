/** Bodies that are begun and never ended: what they hold in memory is bounded, and kept from nobody else. */
import type { Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { HTTP_LIMITS, PACKAGE_LIMITS, RUN_LIMITS, RUNNER_LIMITS } from '../../spec/limits.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { TestOrg } from '../support/test-org.ts';
import { openSocket } from '../support/raw-http.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const other = await souk.org('other');
const situs = await souk.publisher('situs', other);
const { host } = new URL(souk.process.url);

await situs.ship({ id: 'situs/other' });
await situs.ship({
  id: 'situs/judged',
  endpoints: [{ method: 'POST', path: '/x', access: 'public', request: { type: 'array' } }],
});
await acme.install('situs/judged');
await acme.install('situs/other');

/** Says that it will send the largest archive there may be, and sends the first bytes of it. */
const begin = ({ owner }: TestOrg): Promise<Socket> =>
  send(
    ['POST /api/v1/packages HTTP/1.1', `Authorization: Bearer ${owner.token}`],
    ['Content-Type: application/zip', `Content-Length: ${PACKAGE_LIMITS.archiveBytesMax}`],
  );

async function send([request = '', ...head]: string[], fields: string[], body = '['): Promise<Socket> {
  const socket = await openSocket(souk.process.url);
  onTestFinished(() => void socket.destroy());
  socket.write([request, `Host: ${host}`, ...head, ...fields, '', body].join('\r\n'), 'latin1');
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

/**
 * Begins bodies until another is refused: one that came while the refused one was tried may have been refused itself,
 * and then the next takes its place.
 */
async function fill(begun: Socket[], next: () => Promise<Socket>, expectRefused: () => Promise<void>) {
  await vi.waitFor(async () => {
    begun.push(await next());
    await expectRefused();
  }, 30_000);
}

it('uploads of one user are so many, the next is refused unread, and others publish meanwhile', async () => {
  const begun = await Promise.all(Array.from({ length: HELD }, () => begin(acme)));
  await fill(
    begun,
    () => begin(acme),
    async () => {
      const refused = await sendNoArchive();
      expect([refused.status, refused.json.code]).toEqual([503, 'uploads_too_many']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    },
  );
  await situs.ship({ id: 'situs/meanwhile' });

  for (const socket of begun) socket.destroy();
  await vi.waitFor(async () => expect((await sendNoArchive()).json.code).toBe('envelope_missing'), 30_000);
});

const { requestBytesMax } = RUN_LIMITS.endpoint;

it.each([
  ['whose bodies say how long they are', `Content-Length: ${requestBytesMax}`, '['],
  ['whose bodies do not say it', 'Transfer-Encoding: chunked', '1\r\n[\r\n'],
])(
  'calls of one plugin %s are so many, the next is shed unread, and others are called meanwhile',
  async (_how, length, body) => {
    const beginCall = () =>
      send(
        [`POST ${acme.endpoint('situs/judged', '/x')} HTTP/1.1`],
        ['Content-Type: application/json', length],
        body,
      );
    const call = (plugin: PluginId) =>
      acme.call(plugin, '/x', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(['x'.repeat(RUNNER_LIMITS.bodyCountedBytesMin)]),
      });
    const held = RUNNER_LIMITS.bodiesOfOneBytesMax / requestBytesMax;
    const begun = await Promise.all(Array.from({ length: held }, beginCall));
    await fill(begun, beginCall, async () => {
      const shed = await call('situs/judged');
      expect([shed.status, shed.json?.outcome, shed.headers.get('retry-after')]).toEqual([
        503,
        'loadShed',
        '1',
      ]);
    });
    expect((await call('situs/other')).text).toBe('hello');

    for (const socket of begun) socket.destroy();
    await vi.waitFor(async () => expect((await call('situs/judged')).text).toBe('hello'), 30_000);
  },
);
