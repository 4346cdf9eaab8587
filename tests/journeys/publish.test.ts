/** A signed package goes in, and comes out again byte for byte. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';
import { readPackage } from '../../registry/package/index.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const DRAFT = {
  id: 'kelompok/hello',
  name: 'Greeter',
  description: 'Says a heartfelt welcome to visitors.',
  permissions: [{ name: 'kv', reason: 'Remembers who came.' }],
} as const;
const sent = await kelompok.publish(DRAFT);
const VERSION = '/api/v1/packages/kelompok/hello/versions/1.0.0';

const DOWNLOADS =
  'souk_http_requests_total{method="GET",route="/api/v1/packages/:publisher/:name/versions/:version/archive",status="200"}';

/** Those that are the same for every answer. */
function lastingHeaders(headers: Headers): [string, string][] {
  return [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
}

describe('a signed package that was published', () => {
  it('is answered with its digest and state', () => {
    expect(sent.answer.status, sent.answer.text).toBe(201);
    expect(sent.answer.json).toMatchObject({
      outcome: 'published',
      plugin: 'kelompok/hello',
      version: '1.0.0',
      state: 'approved',
      archiveSha256: createHash('sha256').update(sent.archive).digest('hex'),
    });
  });

  it('stands in the catalogue for everyone, with its permissions in plain words', async () => {
    const page = await souk.anyone.get('/api/v1/packages/kelompok/hello');
    expect(page.status).toBe(200);
    expect(page.json.versions.map(({ version }: { version: string }) => version)).toEqual(['1.0.0']);
    const version = await souk.anyone.get(VERSION);
    expect(version.status).toBe(200);
    expect(version.json.permissions).toEqual([
      expect.objectContaining({ name: 'kv', risk: 'low', sentence: expect.stringMatching(/\w/u) }),
    ]);
  });

  it('is found by a word of its description, and not by a strange one', async () => {
    const found = await souk.anyone.get('/api/v1/packages?q=heartfelt');
    expect(found.json.items.map(({ id }: { id: string }) => id)).toEqual(['kelompok/hello']);
    expect((await souk.anyone.get('/api/v1/packages?q=submarine')).json.items).toEqual([]);
  });

  it('comes back byte for byte', async () => {
    const archive = await souk.anyone.get(`${VERSION}/archive`);
    expect(archive.bytes.equals(sent.archive)).toBe(true);
    expect(archive.headers.get('content-type')).toBe('application/zip');
    const counted = await souk.metric(DOWNLOADS);
    for (const client of [souk.anyone, souk.anyone, souk.admin]) {
      const again = await client.get(`${VERSION}/archive`);
      expect(again.bytes.equals(sent.archive)).toBe(true);
      if (client === souk.anyone)
        expect(lastingHeaders(again.headers)).toEqual(lastingHeaders(archive.headers));
      expect(again.headers.get('x-request-id')).not.toBe(archive.headers.get('x-request-id'));
    }
    expect(await souk.metric(DOWNLOADS)).toBe(counted + 3);
    for (const client of [souk.anyone, souk.admin]) {
      const head = await client.send('HEAD', `${VERSION}/archive`);
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(sent.archive.length)]);
      expect(head.headers.get('etag')).toBe(archive.headers.get('etag'));
    }
    const envelope = await souk.anyone.get(`${VERSION}/envelope`);
    expect(envelope.bytes.equals(sent.envelope)).toBe(true);
    const manifest = await souk.anyone.get(`${VERSION}/manifest`);
    const { files, entries } = readPackage(sent.archive);
    expect(manifest.json).toEqual(JSON.parse(Buffer.from(files.get('manifest.json') ?? []).toString()));
    const list = await souk.anyone.get(`${VERSION}/files`);
    expect(list.json.items).toEqual(entries.map(({ path, size, sha256 }) => ({ path, size, sha256 })));
  });

  it('is taken again as the same, and changes nothing', async () => {
    const again = await kelompok.upload(sent.archive, sent.envelope);
    expect(again.status).toBe(200);
    expect(again.json).toMatchObject({
      outcome: 'already_published',
      archiveSha256: sent.answer.json.archiveSha256,
    });
  });

  it('can be yanked and offered again by its publisher alone', async () => {
    const stranger = await souk.user('stranger');
    const refused = await stranger.client.put(`${VERSION}/yank`, { reason: 'spite' });
    expect([refused.status, refused.json.code]).toEqual([403, 'publisher_not_yours']);
    expect((await kelompok.client.put(`${VERSION}/yank`, { reason: 'broken' })).status).toBe(200);
    const plan = await acme.plan({ kind: 'install', plugin: 'kelompok/hello' });
    expect([plan.status, plan.json.code]).toEqual([409, 'resolution_impossible']);
    expect((await kelompok.client.delete(`${VERSION}/yank`)).status).toBe(200);
    expect((await acme.plan({ kind: 'install', plugin: 'kelompok/hello' })).status).toBe(201);
  });
});

describe('a private package', () => {
  it('is seen by the organization that owns it, and by those it was granted to', async () => {
    const other = await souk.org('other');
    const { answer: published } = await kelompok.publish({ id: 'kelompok/secret' }, acme.path('/packages'));
    expect(published.status, published.text).toBe(201);

    const page = '/api/v1/packages/kelompok/secret';
    expect((await souk.anyone.get(page)).status).toBe(404);
    expect((await acme.owner.get(`${page}?org=acme`)).status).toBe(200);
    expect((await other.owner.get(`${page}?org=acme`)).status).toBe(404);
    expect((await other.owner.get(`${page}?org=other`)).status).toBe(404);
    expect((await souk.admin.send('PUT', `${page}/grants/other`)).status).toBe(204);
    expect((await other.owner.get(`${page}?org=other`)).status).toBe(200);
  });
});
