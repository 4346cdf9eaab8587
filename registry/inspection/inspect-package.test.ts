import { describe, expect, test } from 'vitest';
import { PRIVATE_KEY_MARK } from '../../signing/index.ts';
import { INSPECTION_ERRORS } from '../../spec/errors/inspection.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { forgeZip } from '../package/corpus/forge.ts';
import { readPackage } from '../package/read-package.ts';
import { type Inspection, type InspectionContext, inspectPackage } from './inspect-package.ts';
import { RULES } from './rules.ts';

const CONTEXT: InspectionContext = { knownPluginIds: [] };
const SOUND_CODE = 'export default { fetch: () => new Response("hi") };\n';
const COMPANIONS = { 'README.md': '# Hello\n', LICENSE: 'MIT\n' };

function manifest(members: object = {}): string {
  return JSON.stringify({
    manifestVersion: 1,
    id: 'acme/hello-world',
    version: '1.0.0',
    name: 'Hello',
    main: 'index.js',
    ...members,
  });
}

type Files = Readonly<Record<string, string | Buffer>>;

function inspect(files: Files, context: InspectionContext = CONTEXT): Inspection {
  const all: Files = { 'manifest.json': manifest(), 'index.js': SOUND_CODE, ...COMPANIONS, ...files };
  return inspectPackage(
    readPackage(forgeZip(Object.entries(all).map(([name, content]) => ({ name, content })))),
    context,
  );
}

function inspectCode(source: string, files: Files = {}): Inspection {
  return inspect({ 'index.js': source, ...files });
}

function refusalOf(action: () => unknown): Refusal {
  try {
    action();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function rulesOf(refusal: Refusal): unknown[] {
  const findings = refusal.extensions['findings'] as { rule: string }[];
  return findings.map((finding) => finding.rule);
}

describe('manifest', () => {
  test('missing', () => {
    const read = readPackage(forgeZip([{ name: 'index.js', content: SOUND_CODE }]));
    expect(refusalOf(() => inspectPackage(read, CONTEXT)).code).toBe('manifest_missing');
  });
  test.each(['plugin/manifest.json', 'Manifest.json', 'plugin/MANIFEST.JSON'])(
    'as %s: the refusal says where',
    (name) => {
      const read = readPackage(forgeZip([{ name, content: manifest() }]));
      const refusal = refusalOf(() => inspectPackage(read, CONTEXT));
      expect(refusal).toMatchObject({
        code: 'manifest_missing',
        message: expect.stringContaining(`"${name}"`),
      });
    },
  );
  test('its own errors keep their codes', () => {
    expect(refusalOf(() => inspect({ 'manifest.json': '{' })).code).toBe('manifest_not_json');
    expect(refusalOf(() => inspect({ 'manifest.json': manifest({ id: 'X' }) })).code).toBe(
      'manifest_invalid',
    );
  });
  test('a contribution without a runtime is refused', () => {
    const pages = manifest({ contributes: { pages: [{ path: '/' }] } });
    expect(refusalOf(() => inspect({ 'manifest.json': pages }))).toMatchObject({
      code: 'contribution_not_supported',
      violations: [expect.objectContaining({ pointer: '/contributes/pages' })],
    });
  });
});

describe('a sound package', () => {
  test('has no findings', () => {
    expect(inspect({}).findings).toEqual([]);
  });
  test('lists the modules that it can load, and no others', () => {
    const inspection = inspectCode(
      'import "./lib/a.mjs"; export * from "./lib/b.js"; export { c } from "./c.js"; await import(`./d.js`); export default {};',
      {
        'lib/a.mjs': 'import "../c.js"; import "./b.js";',
        'lib/b.js': 'export const b = 1;',
        'c.js': 'import "./index.js"; export const c = 1;',
        'd.js': 'export {};',
        'test/not-loaded.js': 'this is not javascript',
      },
    );
    const paths = inspection.modules.map((module) => module.path);
    expect(paths[0]).toBe('index.js');
    expect(paths.slice(1).sort()).toEqual(['c.js', 'd.js', 'lib/a.mjs', 'lib/b.js']);
    expect(inspection.modules.find((module) => module.path === 'lib/a.mjs')?.imports).toContainEqual({
      specifier: '../c.js',
      path: 'c.js',
    });
  });
  test('an entry module in a folder, named like a prototype member', () => {
    const inspection = inspect({
      'manifest.json': manifest({ main: 'constructor/__proto__.js' }),
      'constructor/__proto__.js': 'import "./toString.js"',
      'constructor/toString.js': '',
    });
    expect(inspection.modules).toHaveLength(2);
  });
});

const DEEP = 40_000;
const GOOGLE_KEY = `AIza${'a1B2c'.repeat(7)}`;

const REJECTED: readonly [trick: string, rule: string, files: Files][] = [
  ['main names no file', 'entry_module_missing', { 'manifest.json': manifest({ main: 'main.js' }) }],
  ['main differs in case', 'entry_module_missing', { 'manifest.json': manifest({ main: 'Index.js' }) }],
  ['entry is not UTF-8', 'module_not_utf8', { 'index.js': Buffer.from([0x2f, 0x2f, 0xff]) }],
  ['entry is TypeScript', 'module_syntax', { 'index.js': 'const a: number = 1;' }],
  ['entry is cut off', 'module_syntax', { 'index.js': 'export default {' }],
  ['entry uses with, which modules cannot', 'module_syntax', { 'index.js': 'with (a) {}' }],
  ['deep brackets', 'module_too_deep', { 'index.js': '['.repeat(DEEP) }],
  ['deep parentheses', 'module_too_deep', { 'index.js': '('.repeat(DEEP) }],
  ['deep arrows', 'module_too_deep', { 'index.js': 'a=>'.repeat(DEEP) }],
  ['deep negation', 'module_too_deep', { 'index.js': '!'.repeat(DEEP) }],
  ['deep templates', 'module_too_deep', { 'index.js': '`${'.repeat(DEEP) }],
  ['deep blocks', 'module_too_deep', { 'index.js': '{'.repeat(DEEP) }],
  [
    'deep groups in a regular expression',
    'module_too_deep',
    { 'index.js': `/${'('.repeat(DEEP)}${')'.repeat(DEEP)}/` },
  ],
  ['library', 'import_not_bundled', { 'index.js': 'import { Hono } from "hono";' }],
  ['library with a scope', 'import_not_bundled', { 'index.js': 'export * from "@scope/x";' }],
  ['node module', 'import_not_bundled', { 'index.js': 'import "node:fs";' }],
  ['node module, imported late', 'import_not_bundled', { 'index.js': 'await import("node:child_process");' }],
  ['node module in a template', 'import_not_bundled', { 'index.js': 'import(`node:fs`);' }],
  [
    'node module, imported late beside what is guarded',
    'import_not_bundled',
    { 'index.js': 'try { x(); } catch {} import("node:fs").then(x); import("node:fs"); y().catch(z);' },
  ],
  [
    'node module, imported late where failures are handled',
    'import_not_bundled',
    { 'index.js': 'try { x(); } catch { import("node:fs"); } finally { import("node:os"); }' },
  ],
  [
    'node module, tried without a handler',
    'import_not_bundled',
    { 'index.js': 'try { import("node:fs"); } finally {}' },
  ],
  [
    'node module behind other faults',
    'import_not_bundled',
    { 'index.js': `${'import(x);'.repeat(60)}import "fs";` },
  ],
  ['network', 'import_not_bundled', { 'index.js': 'import "https://example.org/x.js";' }],
  ['data URL', 'import_not_bundled', { 'index.js': 'import "data:text/javascript,1";' }],
  ['file URL', 'import_not_bundled', { 'index.js': 'import "file:///etc/passwd";' }],
  ['subpath import', 'import_not_bundled', { 'index.js': 'import "#internal";' }],
  ['empty specifier', 'import_not_bundled', { 'index.js': 'import "";' }],
  ['above the package', 'import_outside', { 'index.js': 'import "../x.js";' }],
  ['above the package and back', 'import_outside', { 'index.js': 'import "../hello-world/index.js";' }],
  [
    'above the package from a folder',
    'import_outside',
    { 'index.js': 'import "./a/b.js";', 'a/b.js': 'import "../../c.js"' },
  ],
  ['absolute', 'import_outside', { 'index.js': 'import "/etc/passwd";' }],
  ['protocol-relative', 'import_outside', { 'index.js': 'import "//example.org/x.js";' }],
  ['file not there', 'import_missing', { 'index.js': 'import "./x.js";' }],
  ['without extension', 'import_missing', { 'index.js': 'import "./x";', 'x.js': '' }],
  ['folder', 'import_missing', { 'index.js': 'import "./x/";', 'x/index.js': '' }],
  ['percent-encoded', 'import_missing', { 'index.js': 'import "./%78.js";', 'x.js': '' }],
  ['with a query', 'import_missing', { 'index.js': 'import "./x.js?1";', 'x.js': '' }],
  ['backslash', 'import_missing', { 'index.js': 'import "./a\\\\x.js";', 'a/x.js': '' }],
  ['other case', 'import_missing', { 'index.js': 'import "./X.js";', 'x.js': '' }],
  ['JSON', 'import_not_javascript', { 'index.js': 'import m from "./manifest.json" with { type: "json" };' }],
  ['too much code', 'code_too_large', { 'index.js': `/*${' '.repeat(4 * 1024 * 1024)}*/` }],
  [
    'too much code in parts',
    'code_too_large',
    {
      'index.js': 'import "./a.js"; import "./b.js";',
      'a.js': ' '.repeat(3 << 20),
      'b.js': ' '.repeat(3 << 20),
    },
  ],
  [
    'too many modules',
    'too_many_modules',
    Object.fromEntries(
      Array.from({ length: 501 }, (_, at) => [
        at === 0 ? 'index.js' : `m${at}.js`,
        `import "./m${at + 1}.js"`,
      ]),
    ),
  ],
  [
    'PEM key',
    'private_key_in_package',
    {
      'key.pem': `-----BEGIN PRIVATE KEY-----\n${'MC4CAQAwBQYDK2VwBCIEIA'.repeat(3)}\n-----END PRIVATE KEY-----\n`,
    },
  ],
  [
    'PEM key inside code',
    'private_key_in_package',
    { 'lib/x.js': `const k = "-----BEGIN RSA PRIVATE KEY-----\\n${'MIIEowIBAAKCAQEA'.repeat(4)}\\n";` },
  ],
  [
    'OpenSSH key',
    'private_key_in_package',
    { k: `-----BEGIN OPENSSH PRIVATE KEY-----\n${'b3BlbnNzaC1rZXktdjEA'.repeat(3)}\n` },
  ],
  [
    'PGP key',
    'private_key_in_package',
    { k: `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n${'lQOYBGJ'.repeat(10)}\n` },
  ],
  [
    'encrypted PEM key with headers',
    'private_key_in_package',
    {
      k: `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n${'MIIEowIBAAKCAQEA'.repeat(4)}\n`,
    },
  ],
  [
    'publisher key',
    'private_key_in_package',
    { 'publisher.key': `${PRIVATE_KEY_MARK} 1\nkeyid ed25519:${'0'.repeat(64)}\nseed ${'A'.repeat(43)}=\n` },
  ],
  ['GitHub token', 'secret_in_package', { 'a.txt': `token ghp_${'a1B2'.repeat(9)}` }],
  ['AWS key id', 'secret_in_package', { 'a.txt': 'AKIAQWERTYUIOPASDFGH' }],
  ['Google key', 'secret_in_package', { 'a.txt': `maps?key=${GOOGLE_KEY}` }],
  ['Google key on a line of its own', 'secret_in_package', { 'a.txt': `thekeyofthemap\n${GOOGLE_KEY}` }],
  [
    'Google key after an escaped line end',
    'secret_in_package',
    { 'a.js': `"the key of the map\\n${GOOGLE_KEY}"` },
  ],
  ['Slack token', 'secret_in_package', { 'a.txt': 'xoxb-1234567890-abcdefghijkl' }],
  [
    'Discord webhook',
    'secret_in_package',
    { 'a.txt': `https://discord.com/api/webhooks/${'1'.repeat(18)}/${'a'.repeat(68)}` },
  ],
  [
    'npmrc with a token',
    'secret_in_package',
    { 'config.txt': '//registry.example/:_authToken=abcdef123456' },
  ],
  ['environment file', 'environment_file_in_package', { '.env': 'A=1' }],
  [
    'environment file of production in a folder',
    'environment_file_in_package',
    { 'config/.env.production': 'A=1' },
  ],
  ['ssh key by name', 'environment_file_in_package', { 'keys/id_ed25519': '' }],
];

describe('an enforced rule rejects', () => {
  test.each(REJECTED)('%s → %s', (_, rule, files) => {
    const refusal = refusalOf(() => inspect(files));
    expect(refusal.code).toBe('inspection_rejected');
    expect(rulesOf(refusal)).toContain(rule);
  });

  test('all at once, each with pointer and hint', () => {
    const refusal = refusalOf(() =>
      inspectCode('import "fs";\nimport "./a.js";', { 'a.js': 'export default (', '.env': '' }),
    );
    expect(rulesOf(refusal)).toEqual(['module_syntax', 'import_not_bundled', 'environment_file_in_package']);
    expect(refusal.violations.map((violation) => violation.pointer)).toEqual([
      'a.js:1',
      'index.js:1',
      '.env',
    ]);
    for (const violation of refusal.violations) expect(violation.hint).not.toBe('');
  });

  test('without quoting the secret', () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const refusal = refusalOf(() => inspect({ 'a.txt': `one\ntwo ${token}` }));
    expect(JSON.stringify({ ...refusal, message: refusal.message })).not.toContain(token);
    expect(refusal.violations[0]?.pointer).toBe('a.txt:2');
  });

  test('with a bounded list, however many faults there are', () => {
    const refusal = refusalOf(() => inspectCode('import "x";\n'.repeat(100_000)));
    expect(refusal.violations.length).toBeLessThanOrEqual(50);
  });
});

describe('what only looks like a secret passes', () => {
  test.each<[string, string]>([
    [
      'header.js',
      'const HEADER = "-----BEGIN PRIVATE KEY-----"; const FOOTER = "-----END PRIVATE KEY-----";',
    ],
    ['public.pem', `-----BEGIN PUBLIC KEY-----\n${'MCowBQYDK2VwAyEA'.repeat(4)}\n`],
    ['docs.md', 'such as AKIAIOSFODNN7EXAMPLE'],
    ['comment.js', '/** @example "gho_16C7e42F292c6912E7710c838347Ae178B4a" */'],
    ['.env.example', 'TOKEN='],
    ['prefix.js', 'token.startsWith("ghp_")'],
    ['base64.txt', `AGFzbQEAAAAB${GOOGLE_KEY}+AwfAX`],
  ])('%s', (name, content) => {
    expect(inspect({ [name]: content }).findings).toEqual([]);
  });
});

describe('a watched rule reports', () => {
  const uses: readonly [string, string][] = [
    ['host.kv.get("a")', 'host.kv'],
    ['host["kv"].get("a")', 'host.kv'],
    ['const { kv } = host', 'host.kv'],
    ['const { kv: store } = c.env', 'host.kv'],
    ['c.env.kv.get("a")', 'host.kv'],
    ['this.host.plugins.call("a/b")', 'host.plugins'],
    ['fetch("https://example.org")', 'fetch()'],
    ['globalThis.fetch("https://example.org")', 'fetch()'],
  ];
  test.each(uses)('%s without its permission', (code, api) => {
    expect(inspectCode(`export default (host, c) => { ${code} }`).findings).toEqual([
      expect.objectContaining({
        rule: 'permission_undeclared',
        severity: 'warning',
        message: expect.stringContaining(api),
      }),
    ]);
  });
  test('and does not report a permission that is declared, or an API that needs none', () => {
    const files = {
      'manifest.json': manifest({ permissions: [{ name: 'kv' }] }),
      'index.js':
        'export default (request, host) => { host.kv.get("a"); host.log.info("a"); app.fetch(request); }',
    };
    expect(inspect(files).findings).toEqual([]);
  });
  const events = { emits: { 'race.finished': {} }, subscribes: ['race.*', 'invitations.send-requested'] };
  const emits = { name: 'events.emit', scope: ['race.finished'] };
  const wide = { name: 'events.subscribe', scope: ['race.*', 'invitations.*'] };
  const [pointers, [race = '', invitation = '', finished = '']] = [
    '/contributes/events/',
    ['subscribes/0', 'subscribes/1', 'emits/race.finished'],
  ];
  test.each([
    ['all without permissions', [], [race, invitation, finished]],
    ['none of what is covered', [emits, wide], []],
    [
      'what a narrower permission leaves out',
      [emits, { ...wide, scope: ['race.finished', 'invitations.*'] }],
      [race],
    ],
    ['what the wrong permission names', [{ ...wide, name: 'events.emit' }], [race, invitation]],
  ])('events that are not covered: %s', (_what, permissions, expected) => {
    const files = { 'manifest.json': manifest({ contributes: { events }, permissions }) };
    const { findings } = inspect(files);
    expect(findings.map(({ pointer }) => pointer)).toEqual(expected.map((each) => pointers + each));
    for (const { rule, hint } of findings)
      expect([rule, hint]).toEqual(['event_uncovered', expect.stringContaining('"scope": ["')]);
  });
  test('plugins that are to be called and are no dependencies', () => {
    const permissions = [{ name: 'kv' }, { name: 'plugins.call', scope: ['a/one', 'a/two', 'a/three'] }];
    const declared = { dependencies: { 'a/one': '^1.0.0' }, optionalDependencies: { 'a/three': '*' } };
    const { findings } = inspect({ 'manifest.json': manifest({ permissions, ...declared }) });
    expect(findings).toEqual([
      expect.objectContaining({ rule: 'callee_undeclared', pointer: '/permissions/1/scope/1' }),
    ]);
  });
  test.each([
    'module.exports = { fetch() {} };',
    'var plugin = (() => ({ fetch() {} }))();',
    'export const fetch = () => {};',
    "export * from './other.js';",
  ])('an entry module without a default export: %s', (code) => {
    const { findings } = inspect({ 'index.js': code, 'other.js': 'export default {};' });
    expect(findings).toEqual([
      expect.objectContaining({ rule: 'entry_default_missing', severity: 'warning', pointer: 'index.js' }),
    ]);
  });
  test.each([
    'const plugin = {}; export { plugin as default };',
    "const plugin = {}; export { plugin as 'default' };",
    "export { default } from './other.js';",
    "export * as default from './other.js';",
  ])('no default export that stands elsewhere: %s', (code) => {
    const { findings } = inspect({ 'index.js': code, 'other.js': 'export default {};' });
    expect(findings).toEqual([]);
  });
  test('an import that is computed', () => {
    expect(inspectCode('export default (x) => import(x)').findings).toEqual([
      expect.objectContaining({ rule: 'import_not_literal', pointer: 'index.js:1' }),
    ]);
  });
  test.each([
    'try { await import("node:fs"); } catch {}',
    'try { try { a(import("b").then(c)); } finally {} } catch {}',
    'import("node:fs").catch(x);',
    'import("node:fs").then(x).then(noop, noop);',
  ])('an import of what may be missing, which the module expects: %s', (code) => {
    expect(inspectCode(`export default {};\n${code}`).findings).toEqual([
      expect.objectContaining({ rule: 'import_dynamic', pointer: 'index.js:2' }),
    ]);
  });
  test('an import that would load a module later', () => {
    const files = { 'index.js': "\nexport default { late: () => import('./late.js') };", 'late.js': '' };
    expect(inspect(files).findings).toEqual([
      expect.objectContaining({ rule: 'import_dynamic', pointer: 'index.js:2' }),
    ]);
  });
  test.each<[string, boolean]>([
    ['acme/hel1o-world', true],
    ['acrne/hello-world', true],
    ['acne/hello-world', true],
    ['ac-me/hello-world', true],
    ['other/hello-wordl', false],
    ['acme/hello-worlds', false],
  ])('a name beside %s: %s', (other, isAlike) => {
    const mine = manifest({ id: other.startsWith('acme/hel1o') ? 'acne/hello-world' : 'acme/hello-world' });
    const { findings } = inspect({ 'manifest.json': mine }, { knownPluginIds: [other as PluginId] });
    expect(findings.map((finding) => finding.rule)).toEqual(isAlike ? ['look_alike_name'] : []);
  });
  test('a missing README and licence', () => {
    const read = readPackage(
      forgeZip([
        { name: 'manifest.json', content: manifest() },
        { name: 'index.js', content: SOUND_CODE },
      ]),
    );
    expect(inspectPackage(read, CONTEXT).findings.map((finding) => finding.rule)).toEqual([
      'readme_missing',
      'licence_missing',
    ]);
  });
  test('a licence in the manifest is enough', () => {
    const { findings } = inspect({ 'manifest.json': manifest({ license: 'MIT' }) });
    expect(findings).toEqual([]);
  });
});

describe('switches', () => {
  const files = { '.env': '' };
  test('watch turns a rejection into a finding', () => {
    const { findings } = inspect(files, { ...CONTEXT, switches: { environment_file_in_package: 'watch' } });
    expect(findings.map((finding) => finding.rule)).toEqual(['environment_file_in_package']);
  });
  test('off hides it', () => {
    expect(inspect(files, { ...CONTEXT, switches: { environment_file_in_package: 'off' } }).findings).toEqual(
      [],
    );
  });
  test('enforce rejects what was watched', () => {
    const enforced: InspectionContext = {
      knownPluginIds: ['acne/hello-world'],
      switches: { look_alike_name: 'enforce' },
    };
    expect(rulesOf(refusalOf(() => inspect({}, enforced)))).toEqual(['look_alike_name']);
  });
  test('a fixed rule stays enforced', () => {
    const context: InspectionContext = {
      ...CONTEXT,
      switches: { module_syntax: 'off', import_outside: 'watch' },
    };
    expect(rulesOf(refusalOf(() => inspect({ 'index.js': '(' }, context)))).toEqual(['module_syntax']);
    expect(rulesOf(refusalOf(() => inspect({ 'index.js': 'import "../a.js"' }, context)))).toEqual([
      'import_outside',
    ]);
  });
});

describe('the list of rules', () => {
  test('a check that crashes rejects', () => {
    // A hostile object in place of the ids makes the comparison of names throw.
    const context = { knownPluginIds: [null as unknown as PluginId] };
    expect(rulesOf(refusalOf(() => inspect({}, context)))).toEqual(['inspection_check_crashed']);
  });
  test('has one rule for each code, and one code for each rule', () => {
    const general = ['inspection_rejected', 'inspection_timeout', 'inspection_check_crashed'];
    expect([...RULES.map((rule) => rule.name), ...general].sort()).toEqual(
      Object.keys(INSPECTION_ERRORS).sort(),
    );
  });
});
