import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { carryOutRequest, startFixture, type Fixture, type Org } from '../../tests/support/installations.ts';
import { Fault } from '../../spec/refusal.ts';
import { SECRET_LIMITS } from '../../spec/limits.ts';
import { MAIL_ENTITIES } from '../mail/index.ts';
import { deleteMailServer, rewrapMailPasswords, setMailServer } from '../mail/server-settings.ts';
import { openMasterKeys, openSecrets, SECRET_ENTITIES, secretCapabilities, type Secrets } from './index.ts';

const PLUGIN = 'house/bot';
let fixture: Fixture;
let folder: string;
let secrets: Secrets;
let mine: Org;
let theirs: Org;
let key: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'souk-secrets-'));
  fixture = await startFixture([...SECRET_ENTITIES, ...MAIL_ENTITIES]);
  const declared = { botToken: { title: 'Bot token', required: true }, webhook: { title: 'Webhook' } };
  await fixture.publish({ id: PLUGIN, version: '1.0.0', secrets: declared });
  [mine, theirs] = [await fixture.org('club'), await fixture.org('rival')];
  for (const org of [mine, theirs]) {
    await carryOutRequest(fixture, org, { kind: 'install', plugin: PLUGIN, range: '1.0.0' });
  }
  await fixture.publish({
    id: PLUGIN,
    version: '2.0.0',
    secrets: { ...declared, later: { title: 'Later' } },
  });
});

beforeEach(async () => {
  await fixture.test.superuser.query('truncate secret, master_key');
  key = newKey();
  secrets = await open(key);
});

afterAll(async () => {
  await fixture.close();
  await rm(folder, { recursive: true });
});

function newKey(): string {
  return randomBytes(32).toString('base64url');
}

async function open(...keys: string[]): Promise<Secrets> {
  const ring = await openMasterKeys(fixture.database, { kind: 'text', text: keys.join('\n') });
  return openSecrets(fixture.database, ring);
}

async function ownerOf(org: Org): Promise<{ orgId: string; installationId: string }> {
  const { id } = await fixture.installations.read(org.id, PLUGIN);
  return { orgId: org.id, installationId: id };
}

async function stored(): Promise<{ sealed: string; key_id: string }[]> {
  const { rows } = await fixture.test.superuser.query<{ sealed: string; key_id: string }>(
    'select * from secret',
  );
  return rows;
}

describe('a secret', () => {
  it('is read by its installation, and by no other', async () => {
    await secrets.set(mine.acting, PLUGIN, 'botToken', 'käse\nmine');
    expect(await secrets.read(await ownerOf(mine), 'botToken')).toBe('käse\nmine');
    expect(await secrets.read(await ownerOf(theirs), 'botToken')).toBeNull();
    const forged = { orgId: theirs.id, installationId: (await ownerOf(mine)).installationId };
    expect(await secrets.read(forged, 'botToken')).toBeNull();
    for (const name of ['webhook', '__proto__', 'a\0b', '', "' or 1=1"]) {
      expect(await secrets.read(await ownerOf(mine), name)).toBeNull();
    }
  });

  it('is listed by name and time, and its value is nowhere', async () => {
    await secrets.set(mine.acting, PLUGIN, 'webhook', 'the value');
    const list = await secrets.list(mine.id, PLUGIN);
    expect(list).toEqual([
      { name: 'botToken', title: 'Bot token', required: 'yes', setAt: null, heldByInstance: 'no' },
      { name: 'webhook', title: 'Webhook', required: 'no', setAt: expect.any(Date), heldByInstance: 'no' },
    ]);
    const { rows } = await fixture.test.superuser.query('select * from audit_entry where action = $1', [
      'secret.set',
    ]);
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify([list, rows, await stored()])).not.toContain('the value');
  });

  it('is replaced, and deleted once', async () => {
    await secrets.set(mine.acting, PLUGIN, 'botToken', 'one');
    await secrets.set(mine.acting, PLUGIN, 'botToken', 'two');
    expect(await secrets.read(await ownerOf(mine), 'botToken')).toBe('two');
    await secrets.delete(mine.acting, PLUGIN, 'botToken');
    expect(await secrets.read(await ownerOf(mine), 'botToken')).toBeNull();
    const again = secrets.delete(mine.acting, PLUGIN, 'botToken');
    await expect(again).rejects.toMatchObject({ code: 'secret_not_found' });
  });

  it('that only a later version declares can be set before the upgrade', async () => {
    await secrets.set(mine.acting, PLUGIN, 'later', 'x');
    expect((await secrets.list(mine.id, PLUGIN)).map(({ name, title }) => [name, title])).toContainEqual([
      'later',
      null,
    ]);
  });

  it('does not open in a row that was copied to another organization', async () => {
    await secrets.set(mine.acting, PLUGIN, 'botToken', 'mine');
    const { orgId, installationId } = await ownerOf(theirs);
    await fixture.test.superuser.query('update secret set org_id = $1, installation_id = $2', [
      orgId,
      installationId,
    ]);
    await expect(secrets.read({ orgId, installationId }, 'botToken')).rejects.toBeInstanceOf(Fault);
  });

  it('that was read is taken out of what the plugin says, and out of nobody else’s words', async () => {
    await secrets.set(mine.acting, PLUGIN, 'botToken', 'hunter2-hunter2');
    const { installationId } = await ownerOf(mine);
    await secrets.read(await ownerOf(mine), 'botToken');
    expect(secrets.redact(installationId, 'a hunter2-hunter2 b')).toBe('a [secret] b');
    expect(secrets.redact('other', 'hunter2-hunter2')).toBe('hunter2-hunter2');
  });
});

describe('what is refused', () => {
  it.each([
    ['an empty value', 'botToken', '', 'secret_invalid'],
    ['U+0000', 'botToken', 'a\0b', 'secret_invalid'],
    ['half a surrogate pair', 'botToken', '\ud800', 'secret_invalid'],
    [
      'a value beyond the limit',
      'botToken',
      'é'.repeat(SECRET_LIMITS.valueBytesMax / 2 + 1),
      'secret_invalid',
    ],
    ['1 MB', 'botToken', 'x'.repeat(1_000_000), 'secret_invalid'],
    ['a name that no version declares', 'botTokn', 'x', 'secret_unknown'],
    ['__proto__', '__proto__', 'x', 'secret_unknown'],
    ['constructor', 'constructor', 'x', 'secret_unknown'],
    ['a name with U+0000', 'a\0', 'x', 'secret_unknown'],
  ])('%s', async (_name, name, value, code) => {
    await expect(secrets.set(mine.acting, PLUGIN, name, value)).rejects.toMatchObject({ code });
    expect(await stored()).toEqual([]);
  });

  it('a plugin that is not installed', async () => {
    const code = 'plugin_not_installed';
    await expect(secrets.set(mine.acting, 'house/none', 'a', 'x')).rejects.toMatchObject({ code });
    await expect(secrets.list(mine.id, 'house/none')).rejects.toMatchObject({ code });
  });
});

describe('the master key', () => {
  const file = (name: string, ifAbsent: 'make' | 'refuse' = 'make') =>
    ({ kind: 'file', path: join(folder, name), ifAbsent }) as const;

  it('is made once, for its owner alone', async () => {
    await fixture.test.superuser.query('truncate master_key');
    const made = await openMasterKeys(fixture.database, file('made'));
    expect((await stat(join(folder, 'made'))).mode & 0o777).toBe(0o600);
    expect((await openMasterKeys(fixture.database, file('made'))).current.id).toBe(made.current.id);
  });

  it('is not made anew where the database knows one', async () => {
    const refused = openMasterKeys(fixture.database, file('lost'));
    await expect(refused).rejects.toMatchObject({ code: 'master_key_unknown' });
    await expect(readFile(join(folder, 'lost'))).rejects.toThrow('ENOENT');
  });

  it('is refused when it is another, with the id of the one that is needed', async () => {
    const id = (await fixture.test.superuser.query<{ id: string }>('select id from master_key')).rows[0]?.id;
    await expect(open(newKey())).rejects.toMatchObject({
      code: 'master_key_unknown',
      message: expect.stringContaining(id ?? '?'),
    });
  });

  it('is not looked for elsewhere when its file is not there, and not made of rubbish', async () => {
    await writeFile(join(folder, 'rubbish'), 'rubbish');
    for (const source of [file('none', 'refuse'), file('rubbish')]) {
      await expect(openMasterKeys(fixture.database, source)).rejects.toMatchObject({
        code: 'master_key_invalid',
      });
    }
  });

  it('is rotated: the next one first, every secret sealed anew, the earlier one removed', async () => {
    await secrets.set(mine.acting, PLUGIN, 'botToken', 'mine');
    await secrets.set(theirs.acting, PLUGIN, 'webhook', 'theirs');
    const next = newKey();
    const rotated = await open(next, key);
    expect(await rotated.read(await ownerOf(mine), 'botToken')).toBe('mine');
    await expect(open(next)).rejects.toMatchObject({ code: 'master_key_unknown' });
    expect(await rotated.rewrap()).toBe(2);
    expect(await rotated.rewrap()).toBe(0);
    expect(new Set((await stored()).map(({ key_id }) => key_id)).size).toBe(1);
    const after = await open(next);
    expect(await after.read(await ownerOf(theirs), 'webhook')).toBe('theirs');
    await expect(open(key)).rejects.toMatchObject({ code: 'master_key_unknown' });
  });

  it('is not removed while the password of a mail server lies under it', async () => {
    const login = {
      host: 'smtp.example.org',
      port: 465,
      security: 'tls',
      from: 'a@b.org',
      username: 'a',
    } as const;
    const ring = (...keys: string[]) =>
      openMasterKeys(fixture.database, { kind: 'text', text: keys.join('\n') });
    await setMailServer({ ...fixture, ring: await ring(key) }, mine.acting, { ...login, password: 'p' });
    const next = newKey();
    const rotated = await ring(next, key);
    await expect(ring(next)).rejects.toMatchObject({ code: 'master_key_unknown' });
    expect(await rewrapMailPasswords({ ...fixture, ring: rotated })).toBe(1);
    await ring(next);
    await deleteMailServer({ ...fixture, ring: rotated }, mine.acting);
  });
});

it('a guest asks with the permission secrets, for its own installation', async () => {
  await secrets.set(mine.acting, PLUGIN, 'botToken', 'mine');
  const [capability] = secretCapabilities(secrets);
  expect(capability?.requires({ name: 'botToken' })).toEqual({ name: 'secrets' });
  const { orgId, installationId } = await ownerOf(mine);
  const context = { guest: { installationId, org: { id: orgId } } };
  expect(await capability?.act({ name: 'botToken' }, context)).toBe('mine');
});
