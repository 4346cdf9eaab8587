/** Two organizations with the same plugin: nothing of one is ever seen by the other. */
import { describe, expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const other = await souk.org('other');
const kelompok = await souk.publisher('kelompok', acme);
const NOTES = 'kelompok/notes';
await kelompok.ship({
  id: NOTES,
  permissions: [{ name: 'kv', reason: 'Keeps the note.' }],
  config: { type: 'object', properties: { title: { type: 'string', default: 'Untitled' } } },
  code: `
    const memory = [];
    export default { async fetch(request, host) {
      const note = new URL(request.url).searchParams.get('note');
      if (note) {
        memory.push(note);
        globalThis.last = note;
        host.log.info('noted ' + note);
        await host.kv.set('note', note);
      }
      const { config, org } = host;
      return Response.json({ note: await host.kv.get('note') ?? null, memory, last: globalThis.last ?? null, title: config.title, org: org.slug });
    } }`,
});
await acme.install(NOTES);
await other.install(NOTES);
const config = await acme.owner.put(acme.path(`/plugins/${NOTES}/config`), { title: 'Plans of Acme' });
const noted = await acme.call(NOTES, '/?note=secret-of-acme');

describe('an organization', () => {
  it('finds its own data, memory and configuration', async () => {
    expect([config.status, noted.status]).toEqual([200, 200]);
    expect((await acme.call(NOTES, '/')).json).toEqual({
      note: 'secret-of-acme',
      memory: ['secret-of-acme'],
      last: 'secret-of-acme',
      title: 'Plans of Acme',
      org: 'acme',
    });
  });

  it('finds nothing of the other in the same plugin', async () => {
    expect((await other.call(NOTES, '/')).json).toEqual({
      note: null,
      memory: [],
      last: null,
      title: 'Untitled',
      org: 'other',
    });
  });

  it('reads its own logs, and no others', async () => {
    expect(await acme.log(NOTES)).toContain('noted secret-of-acme');
    expect(await other.log(NOTES)).toBe('');
  });

  it('is not touched when the other deactivates, narrows or uninstalls', async () => {
    await other.owner.put(other.path(`/plugins/${NOTES}/grants`), { grants: [] });
    expect((await other.call(NOTES, '/')).status).toBe(502);
    expect((await acme.call(NOTES, '/')).json.note).toBe('secret-of-acme');
    expect((await other.owner.post(other.path('/deactivate-all'))).status).toBe(200);
    expect((await other.owner.delete(other.path(`/plugins/${NOTES}`))).status).toBe(204);
    expect((await acme.call(NOTES, '/')).json.note).toBe('secret-of-acme');
  });

  it('starts afresh where it installs again', async () => {
    await acme.owner.delete(acme.path(`/plugins/${NOTES}`));
    await acme.install(NOTES);
    expect((await acme.call(NOTES, '/')).json).toMatchObject({ note: null, memory: [], title: 'Untitled' });
  });
});

describe('a stranger', () => {
  it('learns from health and metrics nothing of plugins and runners, and an instance admin does', async () => {
    for (const path of ['/readyz', '/metrics']) {
      const [seen, shown] = [await souk.anyone.get(path), await souk.admin.get(path)];
      expect([seen.status, shown.status]).toEqual([200, 200]);
      expect(seen.text).not.toMatch(/"pid"|plugin="/u);
      expect(shown.text).toMatch(/"pid"|plugin="/u);
    }
  });
});
