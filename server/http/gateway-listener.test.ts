import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, onTestFinished } from 'vitest';
import { createLogger } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { createArchiveCache } from '../runtime/archive-cache.ts';
import { createListener } from './gateway-listener.ts';

/** @returns the origin that a plugin is told when a caller on this machine sends a request */
async function originSeen(publicUrl: string | null): Promise<{ seen: string; addressed: string }> {
  const ports = {
    metrics: createMetrics(),
    log: createLogger('silent'),
    logFailed: () => undefined,
    archives: createArchiveCache(),
    settings: { publicUrl },
  };
  const listener = createListener(
    ports,
    async ({ origin }) => ({ status: 200, headers: [], body: origin }),
    (_incoming, outgoing) => void outgoing.end(),
  );
  const server = createServer(listener);
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const addressed = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = await fetch(`${addressed}/orgs/acme/p/ada/hello/x`, { headers: { connection: 'close' } });
  return { seen: await answer.text(), addressed };
}

test('plugins see the public origin, though a proxy speaks to the server by another', async () => {
  expect((await originSeen('https://souk.example.org')).seen).toBe('https://souk.example.org');
});

test('without one they see the address of the request', async () => {
  const { seen, addressed } = await originSeen(null);
  expect(seen).toBe(addressed);
});
