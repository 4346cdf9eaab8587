/** The data of a plugin, taken out by an administrator before it is uninstalled. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLine } from '../../tests/support/command-line.ts';
import { testSouk } from '../../tests/support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const globex = await souk.org('globex');
const kelompok = await souk.publisher('kelompok', acme);
const NOTES = 'kelompok/notes';
await kelompok.ship({
  id: NOTES,
  code: `export default { async fetch(request, host) {
    await host.kv.set('note/1', { text: 'Grüße' });
    await host.kv.set('note/2', ['\\n']);
    return new Response('ok');
  } };`,
  permissions: [{ name: 'kv', reason: 'Keeps notes.' }],
});
const owner = commandLine(souk.process.url, acme.owner.token);
const ORG = ['--org', 'acme'];
const LINES = '{"key":"note/1","value":{"text":"Grüße"}}\n{"key":"note/2","value":["\\n"]}\n';

test('it is written to a new file, also of a plugin that is deactivated, and then it is gone with it', async () => {
  await acme.install(NOTES);
  expect((await acme.call(NOTES, '/')).status).toBe(200);
  await owner.ok('plugin', 'deactivate', NOTES, ...ORG);
  const { exitCode, out } = await owner.souk('plugin', 'data', 'notes', '--out', 'notes.ndjson', ...ORG);
  expect([exitCode, out]).toEqual([0, 'wrote 2 key(s) to notes.ndjson\n']);
  const file = join(owner.folder, 'notes.ndjson');
  expect(readFileSync(file, 'utf8')).toBe(LINES);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const again = ['plugin', 'data', NOTES, '--out', 'notes.ndjson', ...ORG];
  expect(await owner.refused(...again)).toBe('file_exists');
  await owner.ok('plugin', 'uninstall', NOTES, ...ORG);
  const late = ['plugin', 'data', NOTES, '--out', 'late.ndjson', ...ORG];
  expect(await owner.refused(...late)).toBe('plugin_not_installed');
  expect(existsSync(join(owner.folder, 'late.ndjson'))).toBe(false);
});

test('it is for administrators of the organization alone', async () => {
  await acme.install(NOTES);
  await acme.call(NOTES, '/');
  await globex.install(NOTES);
  const path = acme.path(`/plugins/${NOTES}/data`);
  const whole = await acme.owner.get(path);
  expect([whole.status, whole.headers.get('content-type'), whole.text]).toEqual([
    200,
    'application/x-ndjson',
    LINES,
  ]);
  const member = await souk.user('member');
  await acme.owner.put(acme.path(`/members/${member.id}`), { role: 'member' });
  expect((await member.client.get(path)).json.code).toBe('role_missing');
  expect((await globex.owner.get(path)).status).toBe(404);
  expect((await globex.owner.get(globex.path(`/plugins/${NOTES}/data`))).text).toBe('');
  const { json } = await acme.owner.get(acme.path('/audit?limit=200'));
  expect(json.items.map(({ action }: { action: string }) => action)).toContain('installation.data-exported');
});

test('an answer that an uninstallation overtakes breaks off over HTTP as well', async () => {
  const initech = await souk.org('initech');
  await initech.install(NOTES);
  const { json } = await initech.owner.get(initech.path(`/plugins/${NOTES}`));
  // More than the sockets on the way hold, so that the server cannot have read it to its end.
  await souk.superuser.query(
    `insert into kv_entry (org_id, installation_id, key, value, version)
       select org_id, id, each::text, to_json(repeat('x', 60000))::text, each
         from installation, generate_series(1, 1000) each where id = $1`,
    [json.id],
  );
  const url = `${souk.process.url}${initech.path(`/plugins/${NOTES}/data`)}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${initech.owner.token}` } });
  const reader = answer.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  expect((await initech.owner.delete(initech.path(`/plugins/${NOTES}`))).status).toBe(204);
  const rest = (async () => {
    while (!(await reader?.read())?.done);
  })();
  await expect(rest).rejects.toThrow('terminated');
});

test('an answer that breaks off leaves no file', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write('{"key":"note/1","value":1}\n', () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cut = commandLine(`http://127.0.0.1:${port}`, acme.owner.token);
  const argv = ['plugin', 'data', NOTES, '--out', 'cut.ndjson', ...ORG];
  expect(await cut.refused(...argv)).toBe('server_unreachable');
  expect(existsSync(join(cut.folder, 'cut.ndjson'))).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});
