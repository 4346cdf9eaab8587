/**
 * The reference, a process of its own: the same work in an ordinary Hono server, without a sandbox, an access check, a
 * schema or a limit. `POST /sum`, `GET /archive`, and `GET /kv`, which reads PostgreSQL through the same function,
 * under the same row level security, as `host.kv.get` does.
 *
 * Arguments, all optional: a file to serve as the archive; socket folder, organization and installation for `/kv`.
 */
import { readFileSync } from 'node:fs';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Pool } from 'pg';

const [archiveFile = '', socketFolder = '', orgId = '', installationId = ''] = process.argv.slice(2);
/** As many connections as the server itself keeps. */
const POOL_MAX = 16;

const app = new Hono();

app.post('/sum', async (context) => {
  const { numbers } = await context.req.json<{ numbers: number[] }>();
  return context.json({ sum: numbers.reduce((total, number) => total + number, 0) });
});

const archive = archiveFile === '' ? new Uint8Array(50_000) : new Uint8Array(readFileSync(archiveFile));
app.get('/archive', (context) => context.body(archive, 200, { 'content-type': 'application/zip' }));

const pool = new Pool({ host: socketFolder, user: 'souk', database: 'souk', max: POOL_MAX });
async function readKeys(keys: string[]): Promise<unknown[]> {
  const { rows } = await pool.query<{ value: string }>({
    name: 'read',
    text: 'select * from souk_kv_get($1, $2, $3)',
    values: [orgId, installationId, keys],
  });
  return rows.map(({ value }) => JSON.parse(value) as unknown);
}
app.get('/kv', async (context) => context.json({ value: (await readKeys(['key-0']))[0] }));
const TEN_KEYS = Array.from({ length: 10 }, (_, index) => `key-${index}`);
app.get('/kv-many', async (context) => context.json({ values: await readKeys(TEN_KEYS) }));

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.once('SIGTERM', () => {
  server.close();
  void pool.end();
});
