import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testSouk } from '../../tests/support/test-souk.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { soukIn, workshop, type Ran, type Souk } from '../testing.fixture.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'plugins-examples', 'examples');
const COUNTER = 'examples/counter';
const HELLO = 'examples/hello-world';
const MOVING = 'examples/moving';

const { process } = await testSouk();

function environmentOf(org: string): Record<string, string> {
  return { SOUK_URL: process.url, SOUK_TOKEN: process.adminToken, SOUK_ORG: org, HOME: '/nowhere' };
}

/** The command as an instance admin runs it in an organization of the test's own. */
function admin(org: string): ReturnType<typeof workshop> {
  return workshop(environmentOf(org));
}

function expectRefusal(ran: Ran, code: string): void {
  expect(ran.error.split('\n')[0], ran.out).toBe(`refused: ${code}`);
  expect(ran.exitCode).toBe(EXIT_CODES.refused);
}

async function expectDone(ran: Promise<Ran>): Promise<string> {
  const { exitCode, out, error } = await ran;
  expect({ exitCode, error }, out).toEqual({ exitCode: EXIT_CODES.ok, error: '' });
  return out;
}

/** An organization that nothing is installed in yet. */
async function fresh(org: string): Promise<Souk> {
  const { souk } = admin(org);
  await expectDone(souk('org', 'create', org));
  return souk;
}

async function installed(org: string): Promise<Souk> {
  const souk = await fresh(org);
  await expectDone(souk('plugin', 'install', COUNTER, '--yes'));
  return souk;
}

/** Where the author works. */
const folder = mkdtempSync(join(tmpdir(), 'souk-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const author = soukIn(folder, environmentOf('makers'));

/** Publishes a version of a plugin that differs from the others in nothing else. */
async function release(version: string): Promise<void> {
  const manifest = join(folder, version, 'manifest.json');
  await expectDone(author('init', version, '--id', MOVING));
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"0.1.0"', `"${version}"`));
  await publish(version, `${version}.zip`);
}

async function publish(plugin: string, archive: string): Promise<void> {
  await expectDone(author('pack', plugin, '--out', archive));
  await expectDone(author('sign', archive, '--key', 'me.key'));
  await expectDone(author('publish', archive));
}

beforeAll(async () => {
  await expectDone(author('org', 'create', 'makers', '--name', 'The makers'));
  await expectDone(author('publisher', 'create', 'examples'));
  await expectDone(author('keygen', 'me'));
  await expectDone(author('keys', 'register', 'examples', '--root', 'me.key'));
  for (const name of ['hello-world', 'counter']) await publish(join(EXAMPLES, name), `${name}.zip`);
});

test('organizations and publishers are listed', async () => {
  const { souk } = admin('makers');
  expect(await expectDone(souk('org', 'list'))).toContain('makers  The makers\n');
  expect(await expectDone(souk('publisher', 'list'))).toBe('examples\n');
  expectRefusal(await souk('publisher', 'create', 'examples'), 'publisher_name_taken');
});

describe('consent', () => {
  test('install without --yes shows every permission, changes nothing, and ends with 4', async () => {
    const souk = await fresh('careful');
    const ran = await souk('plugin', 'install', COUNTER);
    expect(ran).toMatchObject({ exitCode: EXIT_CODES.consentAwaited, error: '' });
    expect(ran.out).toContain(`+ ${COUNTER} 1.0.0`);
    expect(ran.out).toContain(`${COUNTER}: plugins.call (medium risk)\n      Calls the plugins ${HELLO}.`);
    expect(ran.out).toContain('Its author says: Keeps the count of each page.');
    expect(ran.out).toContain('Nothing was changed.');
    expect(await expectDone(souk('plugin', 'list'))).toBe('nothing is installed\n');
  });

  test('apply carries out exactly the plan that was shown, once', async () => {
    const souk = await fresh('exact');
    const shown = JSON.parse(await expectDone(souk('plugin', 'plan', COUNTER, '--json')));
    const done = await expectDone(souk('plugin', 'apply', shown.id));
    expect(done).toContain('granted 2 permission(s)');
    expect(await expectDone(souk('plugin', 'info', COUNTER))).toContain(`granted: plugins.call of ${HELLO}`);
    expectRefusal(await souk('plugin', 'apply', shown.id), 'plan_outdated');
  });

  test('a plan of another organization is no plan', async () => {
    const souk = await fresh('theirs');
    const { id } = JSON.parse(await expectDone(souk('plugin', 'plan', HELLO, '--json')));
    expectRefusal(await (await fresh('ours'))('plugin', 'apply', id), 'plan_not_found');
  });

  test('with --json install answers the plan and what came of it', async () => {
    const souk = await fresh('machine');
    const { plan, items } = JSON.parse(await expectDone(souk('plugin', 'install', HELLO, '--yes', '--json')));
    expect(plan.changes).toHaveLength(1);
    expect(items).toMatchObject([{ plugin: HELLO, state: 'installed' }]);
  });
});

describe('the life of an installation', () => {
  test('activate, deactivate and uninstall take others along only when told to', async () => {
    const souk = await installed('living');
    expectRefusal(await souk('plugin', 'activate', COUNTER), 'dependency_not_active');
    await expectDone(souk('plugin', 'activate', COUNTER, '--cascade'));
    expect(await expectDone(souk('plugin', 'list'))).toBe(`${COUNTER} 1.0.0 READY\n${HELLO} 1.0.0 READY\n`);
    expectRefusal(await souk('plugin', 'deactivate', HELLO), 'installation_needed');
    expect(await expectDone(souk('plugin', 'deactivate', HELLO, '--cascade'))).toBe(
      `${HELLO} 1.0.0 DISABLED\n`,
    );
    expectRefusal(await souk('plugin', 'uninstall', HELLO), 'installation_needed');
    await expectDone(souk('plugin', 'uninstall', HELLO, '--cascade'));
    expect(await expectDone(souk('plugin', 'list'))).toBe('nothing is installed\n');
  });

  test('config shows the defaults, and takes the place of the organization', async () => {
    const shop = admin('tuned');
    const souk = await installed('tuned');
    expect(await expectDone(souk('plugin', 'config', HELLO))).toBe('configured: greeting = "Hello"\n');
    const file = join(shop.folder, 'config.json');
    writeFileSync(file, '{"greeting":"Ahoy"}');
    expect(await expectDone(souk('plugin', 'config', HELLO, '--set', file))).toBe(
      'configured: greeting = "Ahoy"\n',
    );
    writeFileSync(file, '{"greeting":5}');
    expectRefusal(await souk('plugin', 'config', HELLO, '--set', file), 'config_invalid');
    writeFileSync(file, '[]');
    expectRefusal(await souk('plugin', 'config', HELLO, '--set', file), 'request_invalid');
    writeFileSync(file, '{"greeting":"a","greeting":"b"}');
    expectRefusal(await souk('plugin', 'config', HELLO, '--set', file), 'config_file_invalid');
  });

  test('grants are taken back by name', async () => {
    const souk = await installed('strict');
    expect(await expectDone(souk('plugin', 'grants', COUNTER, '--revoke', 'kv'))).toBe(
      `granted: plugins.call of ${HELLO}\n`,
    );
    expectRefusal(await souk('plugin', 'grants', COUNTER, '--revoke', 'kv'), 'grant_not_held');
    expect(await expectDone(souk('plugin', 'grants', HELLO))).toBe('it may do nothing but answer\n');
  });

  test('logs are empty before anything was logged', async () => {
    const souk = await installed('silent');
    expect(await expectDone(souk('plugin', 'logs', COUNTER))).toBe('it has logged nothing\n');
  });

  test('what is not installed is said to be so', async () => {
    const souk = await fresh('empty');
    expectRefusal(await souk('plugin', 'info', COUNTER), 'plugin_not_installed');
    expectRefusal(await souk('plugin', 'upgrade', COUNTER), 'plugin_not_installed');
  });
});

describe('versions', () => {
  test('upgrade and rollback show their plan, and move with --yes', async () => {
    await release('0.1.0');
    const souk = await fresh('moving');
    await expectDone(souk('plugin', 'install', MOVING, '--yes'));
    await release('0.2.0');
    const shown = await souk('plugin', 'upgrade', MOVING);
    expect(shown.exitCode).toBe(EXIT_CODES.consentAwaited);
    expect(shown.out).toContain(`↑ ${MOVING} 0.1.0 → 0.2.0`);
    await expectDone(souk('plugin', 'upgrade', MOVING, '--yes'));
    expect(await expectDone(souk('plugin', 'list'))).toBe(`${MOVING} 0.2.0 DISABLED\n`);
    expect(await expectDone(souk('plugin', 'rollback', MOVING, '--version', '0.1.0', '--yes'))).toContain(
      `↓ ${MOVING} 0.2.0 → 0.1.0`,
    );
    expect(await expectDone(souk('plugin', 'list'))).toBe(`${MOVING} 0.1.0 DISABLED\n`);
  });
});

describe('withdrawal', () => {
  test('a yanked version is offered to nobody until it is unyanked', async () => {
    const souk = await fresh('late');
    await expectDone(souk('yank', `${HELLO}@1.0.0`, '--reason', 'Greets too loudly.'));
    expectRefusal(await souk('plugin', 'plan', HELLO), 'resolution_impossible');
    await expectDone(souk('unyank', `${HELLO}@1.0.0`));
    await expectDone(souk('plugin', 'plan', HELLO));
  });

  test('advice against a version is in the plan', async () => {
    const souk = await fresh('advised');
    await expectDone(souk('deprecate', `${HELLO}@1.0.0`, '--reason', 'Say it with flowers.'));
    expect(await expectDone(souk('plugin', 'plan', HELLO))).toContain('Say it with flowers.');
    await expectDone(souk('undeprecate', `${HELLO}@1.0.0`));
    expect(await expectDone(souk('plugin', 'plan', HELLO))).not.toContain('Say it with flowers.');
  });
});

describe('names that would become part of an address', () => {
  test.each(['../../me', 'examples/counter/logs', 'examples/counter?x=1', '__proto__/x'])(
    '%s is no plugin',
    async (name) => {
      expectRefusal(await admin('makers').souk('plugin', 'info', name), 'plugin_id_invalid');
    },
  );

  test.each([HELLO, `${HELLO}@`, '@1.0.0', `${HELLO}@1.0.0@2.0.0`, '../me@1.0.0'])(
    '%s is no release',
    async (name) => {
      expectRefusal(await admin('makers').souk('unyank', name), 'release_invalid');
    },
  );

  test('an organization is asked for where none is named', async () => {
    const { souk } = workshop({ SOUK_URL: process.url, SOUK_TOKEN: process.adminToken });
    expectRefusal(await souk('plugin', 'list'), 'org_not_named');
  });
});
