/** Callers that hold as many connections as they get, and say nothing on them. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openSocket } from '../support/raw-http.ts';
import { testSouk } from '../support/test-souk.ts';

const DESCRIPTORS = 256;
const HELD = 200;

const souk = await testSouk({ wrapper: ['sh', '-c', `ulimit -n ${DESCRIPTORS} && exec "$@"`, 'sh'] });
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
await kelompok.ship({ id: 'kelompok/hello' });
await acme.install('kelompok/hello');

/** Asks on a connection that is there already. @returns the status */
async function ask(socket: Socket, path: string): Promise<number> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  return Number(head.toString('latin1').split(' ')[1]);
}

it('leave the server what it needs to start runners, and are let in no further', async () => {
  const { url, log } = souk.process;
  const { json } = await souk.admin.get('/readyz');
  const early = await openSocket(url);
  expect(await ask(early, '/livez')).toBe(200);
  const held = await Promise.all(Array.from({ length: HELD }, () => openSocket(url)));
  onTestFinished(() => {
    for (const socket of [early, ...held]) socket.destroy();
  });
  for (const socket of held) socket.on('error', () => undefined);
  await expect.poll(() => held.filter(({ closed }) => closed).length).toBeGreaterThan(HELD - DESCRIPTORS / 2);
  await expect
    .poll(() => log.some(({ msg }) => String(msg).startsWith('a connection was not taken')))
    .toBe(true);
  for (const { pid } of json.sandbox.runners as { pid: number }[]) process.kill(pid, 'SIGKILL');
  await expect.poll(() => ask(early, acme.endpoint('kelompok/hello', '/'))).toBe(200);
});
