import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadDevPlugin } from './dev/dev-plugin.ts';
import { EXIT_CODES } from './exit-code.ts';
import type { Io } from './io.ts';
import { type Ran, workshop } from './testing.fixture.ts';

const ARCHIVE = 'kelompok.hello-0.1.0.zip';

/** From nothing to a signed package. */
async function signed(): Promise<ReturnType<typeof workshop>> {
  const shop = workshop();
  for (const argv of [
    ['init', 'hello', '--id', 'kelompok/hello'],
    ['keygen', 'me'],
    ['pack', 'hello'],
    ['sign', ARCHIVE, '--key', 'me.key'],
    ['trust', 'kelompok', 'me.pub'],
  ]) {
    const ran = await shop.souk(...argv);
    expect(ran, argv.join(' ')).toMatchObject({ exitCode: 0, error: '' });
  }
  return shop;
}

function expectRefusal(ran: Ran, code: string): void {
  expect(ran.error.split('\n')[0]).toBe(`refused: ${code}`);
  expect(ran).toMatchObject({ exitCode: 1, out: '' });
  expect(ran.error).toMatch(/\n {2}found: .+\n/u);
  expect(ran.error).toMatch(/\n {2}mend: {2}.+\n/u);
}

describe('from nothing to a verified package', () => {
  test('verify says who signed, and ends with 0', async () => {
    const { souk } = await signed();
    const ran = await souk('verify', ARCHIVE, '--trust', 'keys.json');
    expect(ran).toMatchObject({ exitCode: 0, error: '' });
    expect(ran.out).toMatch(/^verified: kelompok\/hello 0\.1\.0\nsigned by ed25519:[0-9a-f]{64}\n$/u);
  });

  test('without a trust file the signer is unknown, with an exit code of its own', async () => {
    const { souk } = await signed();
    const ran = await souk('verify', ARCHIVE, '--json');
    expect(ran.exitCode).toBe(3);
    expect(JSON.parse(ran.out)).toMatchObject({ verdict: 'consistent, signer unknown', signers: [] });
  });

  test('the scaffold passes check, as a folder and as an archive', async () => {
    const { souk } = await signed();
    expect((await souk('check', 'hello')).out).toBe('passed: kelompok/hello 0.1.0\n');
    expect(JSON.parse((await souk('check', ARCHIVE, '--json')).out)).toMatchObject({
      verdict: 'passed',
      findings: [],
    });
  });

  test('the private key is for its owner alone', async () => {
    const { folder } = await signed();
    expect(statSync(join(folder, 'me.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'me.key'), 'utf8')).toMatch(/^SOUK PRIVATE KEY 1\n/u);
    expect(readFileSync(join(folder, 'me.pub'), 'utf8')).toMatch(/^SOUK PUBLIC KEY 1\n/u);
  });

  test('a second signer reaches a threshold of two', async () => {
    const { souk } = await signed();
    await souk('keygen', 'you');
    await souk('trust', 'kelompok', 'me.pub', 'you.pub', '--threshold', '2', '--out', 'both.json');
    expectRefusal(await souk('verify', ARCHIVE, '--trust', 'both.json'), 'signature_threshold_not_reached');
    expect((await souk('sign', ARCHIVE, '--key', 'you.key', '--add')).exitCode).toBe(0);
    expect((await souk('verify', ARCHIVE, '--trust', 'both.json')).exitCode).toBe(0);
  });
});

describe('verify refuses', () => {
  test('an archive with one byte changed, wherever it is', async () => {
    const { folder, souk } = await signed();
    const path = join(folder, ARCHIVE);
    const sound = readFileSync(path);
    for (let index = 0; index < sound.length; index += 37) {
      writeFileSync(path, sound.with(index, (sound[index] ?? 0) ^ 1));
      expectRefusal(await souk('verify', ARCHIVE, '--trust', 'keys.json'), 'signed_archive_differs');
      expectRefusal(await souk('verify', ARCHIVE), 'signed_archive_differs');
    }
  });

  test('an archive with bytes behind its end', async () => {
    const { folder, souk } = await signed();
    appendFileSync(join(folder, ARCHIVE), 'x');
    expectRefusal(await souk('verify', ARCHIVE, '--trust', 'keys.json'), 'signed_archive_differs');
  });

  test('the key of another', async () => {
    const { souk } = await signed();
    await souk('keygen', 'other');
    await souk('sign', ARCHIVE, '--key', 'other.key');
    expectRefusal(await souk('verify', ARCHIVE, '--trust', 'keys.json'), 'signature_key_unknown');
  });

  test('a publisher that the trust file does not name', async () => {
    const { souk } = await signed();
    await souk('trust', 'sahabot', 'me.pub', '--out', 'other.json');
    expectRefusal(await souk('verify', ARCHIVE, '--trust', 'other.json'), 'trust_publisher_missing');
  });

  test('a missing envelope, a missing archive, a wrong time', async () => {
    const { souk } = await signed();
    expectRefusal(await souk('verify', ARCHIVE, '--envelope', 'none.json'), 'file_unreadable');
    expectRefusal(await souk('verify', 'none.zip'), 'file_unreadable');
    expectRefusal(await souk('verify', ARCHIVE, '--at', '2026-01-31'), 'time_invalid');
  });

  test('with --json, as one object on standard output', async () => {
    const { folder, souk } = await signed();
    appendFileSync(join(folder, ARCHIVE), 'x');
    const ran = await souk('verify', ARCHIVE, '--json');
    expect(ran).toMatchObject({ exitCode: 1, error: '' });
    expect(JSON.parse(ran.out).error).toMatchObject({
      code: 'signed_archive_differs',
      hint: expect.any(String),
    });
  });
});

describe('keys', () => {
  test('keygen never overwrites either half', async () => {
    const { folder, souk } = await signed();
    const before = readFileSync(join(folder, 'me.key'));
    expectRefusal(await souk('keygen', 'me'), 'file_exists');
    writeFileSync(join(folder, 'you.pub'), '');
    expectRefusal(await souk('keygen', 'you'), 'file_exists');
    expect(() => statSync(join(folder, 'you.key'))).toThrow('ENOENT');
    expect(readFileSync(join(folder, 'me.key'))).toEqual(before);
  });

  test('a private key that others can read does not sign', async () => {
    const { folder, souk } = await signed();
    chmodSync(join(folder, 'me.key'), 0o644);
    expectRefusal(await souk('sign', ARCHIVE, '--key', 'me.key'), 'key_file_exposed');
  });

  test('public and private are never mixed up', async () => {
    const { souk } = await signed();
    expectRefusal(await souk('sign', ARCHIVE, '--key', 'me.pub'), 'key_file_is_public');
    expectRefusal(await souk('trust', 'kelompok', 'me.key', '--out', 'x.json'), 'key_file_is_private');
  });

  test('a signature is not added to an envelope about another archive', async () => {
    const { folder, souk } = await signed();
    appendFileSync(join(folder, 'hello', 'README.md'), 'more');
    await souk('pack', 'hello');
    expectRefusal(await souk('sign', ARCHIVE, '--key', 'me.key', '--add'), 'signed_archive_differs');
  });
});

describe('check and pack refuse', () => {
  test.each([
    ['not a manifest', 'manifest.json', '{', 'manifest_not_json'],
    ['an unknown key', 'manifest.json', '{"manifestVersion":1,"nmae":"x"}', 'manifest_invalid'],
  ])('%s', async (_, file, content, code) => {
    const { folder, souk } = await signed();
    writeFileSync(join(folder, 'hello', file), content);
    expectRefusal(await souk('pack', 'hello'), code);
    expectRefusal(await souk('check', 'hello'), code);
  });

  test('code that does not parse, with the checks of the server', async () => {
    const { folder, souk } = await signed();
    writeFileSync(join(folder, 'hello', 'index.js'), 'export default {');
    expectRefusal(await souk('check', 'hello'), 'inspection_rejected');
  });

  test('a private key in the folder, whatever its name', async () => {
    const { folder, souk } = await signed();
    writeFileSync(join(folder, 'hello', 'notes.txt'), readFileSync(join(folder, 'me.key')));
    expectRefusal(await souk('pack', 'hello'), 'pack_private_key');
  });

  test('a link, which would bring in a file from elsewhere', async () => {
    const { folder, souk } = await signed();
    symlinkSync('/etc/hostname', join(folder, 'hello', 'host.txt'));
    expectRefusal(await souk('pack', 'hello'), 'pack_entry_irregular');
  });

  test('a folder without manifest.json, and no folder', async () => {
    const { folder, souk } = await signed();
    mkdirSync(join(folder, 'empty'));
    expectRefusal(await souk('pack', 'empty'), 'manifest_missing');
    expectRefusal(await souk('pack', 'nowhere'), 'file_unreadable');
  });

  test('init never overwrites, and takes no wrong id', async () => {
    const { souk } = await signed();
    expectRefusal(await souk('init', 'hello', '--id', 'kelompok/hello'), 'file_exists');
    expectRefusal(await souk('init', 'other', '--id', 'Kelompok/../x'), 'plugin_id_invalid');
  });
});

test('what is found in a bundle is told with the line of its source', async () => {
  const { folder, souk } = workshop();
  await souk('init', 'hello', '--id', 'kelompok/hello', '--typescript');
  const lines = [
    "import type { Host } from 'souk/sdk';",
    '',
    'type Told = { readonly text: string };',
    '',
    'export default {',
    '  fetch: async (_request: Request, host: Host): Promise<Response> =>',
    "    Response.json((await host.kv.get<Told>('a'))?.text ?? null),",
    '};',
  ];
  writeFileSync(join(folder, 'hello/src/index.ts'), lines.join('\n'));
  const ran = await souk('check', 'hello');
  expect(ran.out).toMatch(/^warning permission_undeclared: src\/index\.ts:[67]: host\.kv needs/mu);
  const { findings } = await loadDevPlugin({ cwd: folder } as Io, 'hello', 1);
  expect(findings[0]?.pointer).toMatch(/^src\/index\.ts:[67]$/u);
  // The package alone says it, too: it has the map.
  await souk('pack', 'hello');
  expect((await souk('check', ARCHIVE)).out).toMatch(/: src\/index\.ts:[67]: /u);
});

test('terminal escapes in a name reach no terminal', async () => {
  const { folder, souk } = await signed();
  writeFileSync(join(folder, 'hello', 'manifest.json'), '{"\\u001b[31m\\u202e":1}');
  const ran = await souk('check', 'hello');
  expect(ran.exitCode).toBe(1);
  expect(ran.error).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});

describe('usage', () => {
  test.each([[['frobnicate']], [['sign', 'x.zip']], [['pack', '--colour']], [[]]])(
    '%j ends with 2',
    async (argv) => {
      const ran = await workshop().souk(...argv);
      expect(ran).toMatchObject({ exitCode: 2, out: '' });
      expect(ran.error).toContain('souk');
    },
  );

  test('a file for the value of a secret that is not named is a mistake', async () => {
    const ran = await workshop().souk('plugin', 'secrets', 'a/b', '--from', 'x', '--org', 'acme');
    expect(ran.exitCode).toBe(2);
    expect(ran.error).toContain("option '--from <file>' needs '--set <name>'");
  });

  test('help names every verb and ends with 0', async () => {
    const ran = await workshop().souk('--help');
    expect(ran.exitCode).toBe(0);
    for (const verb of ['init', 'check', 'pack', 'keygen', 'sign', 'trust', 'verify'])
      expect(ran.out).toContain(`  ${verb} `);
  });

  test('docs/cli.md has every verb and every exit code, and no other', async () => {
    const docs = readFileSync(new URL('../docs/cli.md', import.meta.url), 'utf8');
    const documented = [...docs.matchAll(/^\| `souk ([a-z][a-z-]*(?: [a-z][a-z-]*)?)/gmu)].map(
      ([, verb]) => verb ?? '',
    );
    const offered = await offeredVerbs();
    expect(offered.length).toBeGreaterThan(30);
    expect(documented.toSorted()).toEqual(offered.toSorted());
    const codes = [...docs.matchAll(/^\| (\d+) +\|/gmu)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT_CODES));
  });
});

/** Every verb that help names, those of groups with the name of their group. */
async function offeredVerbs(): Promise<string[]> {
  const { souk } = workshop();
  const namesIn = (help: string): string[] =>
    [...help.matchAll(/^ {2}([a-z][a-z-]*) /gmu)]
      .map(([, name]) => name ?? '')
      .filter((name) => name !== 'help');
  const top = namesIn((await souk('--help')).out);
  const lists = await Promise.all(
    top.map(async (name) => {
      const { out } = await souk(name, '--help');
      return out.includes('\nCommands:') ? namesIn(out).map((verb) => `${name} ${verb}`) : [name];
    }),
  );
  return lists.flat();
}
