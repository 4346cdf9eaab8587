import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { readPackage } from '../registry/package/index.ts';
import { workshop } from './testing.fixture.ts';

const ARCHIVE = 'kelompok.hello-0.1.0.zip';

function filesOf(folder: string): Map<string, string> {
  const { files } = readPackage(new Uint8Array(readFileSync(join(folder, ARCHIVE))));
  return new Map([...files].map(([path, content]) => [path, Buffer.from(content).toString('utf8')]));
}

async function scaffold(): Promise<ReturnType<typeof workshop> & { plugin: string }> {
  const shop = workshop();
  await shop.souk('init', 'hello', '--id', 'kelompok/hello');
  return { ...shop, plugin: join(shop.folder, 'hello') };
}

function writeTypeScript(plugin: string, path: string): void {
  rmSync(join(plugin, 'index.js'));
  mkdirSync(join(plugin, 'src'));
  writeFileSync(join(plugin, 'src/greeting.ts'), "export const greeting: string = 'Grüezi';\n");
  const from = path.startsWith('src/') ? './greeting.ts' : './src/greeting.ts';
  writeFileSync(
    join(plugin, path),
    `import { greeting } from '${from}';\nexport default { fetch: (): Response => new Response(greeting) };\n`,
  );
}

describe('a plugin that needs bundling', () => {
  test.each(['index.ts', 'src/index.ts'])(
    '%s becomes index.js and a source map, and the sources stay out',
    async (path) => {
      const { folder, plugin, souk } = await scaffold();
      writeTypeScript(plugin, path);
      writeFileSync(join(plugin, 'tsconfig.json'), '{}');
      expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
      const files = filesOf(folder);
      expect([...files.keys()]).toEqual(['README.md', 'index.js', 'index.js.map', 'manifest.json']);
      expect(files.get('index.js')).toContain('Grüezi');
      expect(JSON.parse(files.get('index.js.map') ?? '')).toMatchObject({
        sources: expect.arrayContaining([path]),
      });
      expect((await souk('check', ARCHIVE)).exitCode).toBe(0);
    },
  );

  test('npm packages are bundled in, twice with the same bytes, and no path of the machine', async () => {
    const { folder, plugin, souk } = await scaffold();
    mkdirSync(join(plugin, 'node_modules/greeter'), { recursive: true });
    writeFileSync(join(plugin, 'node_modules/greeter/package.json'), '{"name":"greeter","module":"m.js"}');
    writeFileSync(
      join(plugin, 'node_modules/greeter/m.js'),
      "export const greet = () => 'from the package';\n",
    );
    writeFileSync(join(plugin, 'package.json'), '{"dependencies":{"greeter":"1.0.0"}}');
    writeFileSync(
      join(plugin, 'index.js'),
      "import { greet } from 'greeter';\nexport default { fetch: () => new Response(greet()) };\n",
    );
    await souk('pack', 'hello');
    const before = readFileSync(join(folder, ARCHIVE));
    await souk('pack', 'hello');
    expect(readFileSync(join(folder, ARCHIVE))).toEqual(before);
    const files = filesOf(folder);
    expect([...files.keys()]).toEqual(['README.md', 'index.js', 'index.js.map', 'manifest.json']);
    expect(files.get('index.js')).toContain('from the package');
    expect([...files.values()].join('\n')).not.toContain(folder);
  });

  test.each([
    ['a missing package', "import 'nowhere';"],
    ['a syntax error', 'export default {'],
  ])('refused: %s, with file and line', async (_, code) => {
    const { plugin, souk } = await scaffold();
    writeFileSync(join(plugin, 'package.json'), '{}');
    writeFileSync(join(plugin, 'index.js'), code);
    const ran = await souk('pack', 'hello', '--json');
    expect(ran.exitCode).toBe(1);
    expect(JSON.parse(ran.out).error).toMatchObject({
      code: 'pack_bundle_failed',
      violations: [{ pointer: 'index.js:1' }],
    });
  });
});

describe('modules of Node', () => {
  test('are refused with the imports that lead to them, each in its shortest way', async () => {
    const { plugin, souk } = await scaffold();
    writePackage(plugin, 'reader', "import './deep.js'; import 'events';", {
      'deep.js': "import fs from 'node:fs'; console.log(fs);",
    });
    writeTypeScript(plugin, 'src/index.ts');
    writeFileSync(join(plugin, 'src/greeting.ts'), "import 'reader';\nexport const greeting = 'x';\n");
    const ran = await souk('pack', 'hello', '--json');
    expect(ran.exitCode).toBe(1);
    const { error } = JSON.parse(ran.out);
    expect(error.code).toBe('pack_builtin_module');
    expect(error.violations.map(({ message }: { message: string }) => message).sort()).toEqual([
      'events is a module of Node: src/index.ts → src/greeting.ts → node_modules/reader/m.js → events',
      'node:fs is a module of Node: src/index.ts → src/greeting.ts → node_modules/reader/m.js → node_modules/reader/deep.js → node:fs',
    ]);
  });

  test('are no reason to refuse a package that has the name, or brings a build for browsers', async () => {
    const { folder, plugin, souk } = await scaffold();
    writePackage(plugin, 'events', "export const kind = 'the npm package';\n");
    writePackage(
      plugin,
      'twofold',
      "import 'node:fs';\n",
      { 'web.js': "export const where = 'the web';\n" },
      'web.js',
    );
    writeTypeScript(plugin, 'src/index.ts');
    writeFileSync(
      join(plugin, 'src/greeting.ts'),
      "import { kind } from 'events';\nimport { where } from 'twofold';\nexport const greeting = kind + where;\n",
    );
    expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
    expect(filesOf(folder).get('index.js')).toContain('the npm package');
    expect(filesOf(folder).get('index.js')).toContain('the web');
  });
});

describe('modules of Node that are asked for where code may never run', () => {
  const LIBRARY = `exports.read = () => require('node:net');
    exports.readLate = () => import('node:dns');
    exports.page = typeof document === 'undefined' || require('fs');`;
  const ENTRY = `import { read, readLate } from 'reader';
    const failure = (run) => Promise.resolve().then(run).catch(({ code, message }) => [code, message]);
    export default { answer: async () => [await failure(read), await failure(read), await failure(readLate), await failure(readLate)] };`;

  test('are no reason to refuse, and fail where they are reached, each time', async () => {
    const { folder, plugin, souk } = await scaffold();
    writePackage(plugin, 'reader', LIBRARY);
    writeFileSync(join(plugin, 'package.json'), '{}');
    writeFileSync(join(plugin, 'index.js'), ENTRY);
    const ran = await souk('pack', 'hello', '--json');
    expect(ran).toMatchObject({ exitCode: 0, error: '' });
    const library = 'node_modules/reader/m.js';
    expect(JSON.parse(ran.out).warnings).toEqual([
      { pointer: `${library}:1`, message: 'node:net is a module of Node; what gets here fails.' },
      { pointer: `${library}:2`, message: 'node:dns is a module of Node; what gets here fails.' },
      { pointer: `${library}:3`, message: 'fs is a module of Node; what gets here fails.' },
    ]);
    expect((await souk('pack', 'hello')).out).toContain(`warning ${library}:1: node:net is a module of Node`);
    const code = filesOf(folder).get('index.js') ?? '';
    const { default: made } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      default: { answer(): Promise<unknown> };
    };
    const failed = (name: string): unknown => ['MODULE_NOT_FOUND', expect.stringContaining(`'${name}'`)];
    expect(await made.answer()).toEqual([
      failed('node:net'),
      failed('node:net'),
      failed('node:dns'),
      failed('node:dns'),
    ]);
  });

  test('come from the npm package of that name where it is installed', async () => {
    const { plugin, souk } = await scaffold();
    writePackage(plugin, 'reader', "exports.read = () => require('events').kind;");
    writePackage(plugin, 'events', "exports.kind = 'the npm package';");
    writeFileSync(join(plugin, 'package.json'), '{}');
    writeFileSync(join(plugin, 'index.js'), "import { read } from 'reader'; export default { read };");
    const ran = await souk('pack', 'hello', '--json');
    expect(JSON.parse(ran.out).warnings).toEqual([]);
  });
});

test('a build for workerd that wants modules of Node gives way to one that does not', async () => {
  const { folder, plugin, souk } = await scaffold();
  const kinds = { workerd: "import 'node:crypto';", import: '' };
  const twofold = join(plugin, 'node_modules/twofold');
  mkdirSync(twofold, { recursive: true });
  const exports = { workerd: './workerd.js', import: './import.js' };
  writeFileSync(join(twofold, 'package.json'), JSON.stringify({ name: 'twofold', exports }));
  for (const [kind, code] of Object.entries(kinds))
    writeFileSync(join(twofold, `${kind}.js`), `${code}export const kind = 'built for ${kind}';`);
  writeFileSync(join(plugin, 'package.json'), '{}');
  writeFileSync(join(plugin, 'index.js'), "export { kind as default } from 'twofold';");
  expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
  expect(filesOf(folder).get('index.js')).toContain('built for import');
  writeFileSync(join(twofold, 'workerd.js'), "export const kind = 'built for workerd';");
  await souk('pack', 'hello');
  expect(filesOf(folder).get('index.js')).toContain('built for workerd');
});

test('a module that is loaded late is bundled in, as guests load none', async () => {
  const { folder, plugin, souk } = await scaffold();
  mkdirSync(join(plugin, 'lib'));
  writeFileSync(join(plugin, 'lib/late.js'), "export const late = 'loaded late';");
  const code = "export default { fetch: async () => new Response((await import('./lib/late.js')).late) };";
  writeFileSync(join(plugin, 'index.js'), code);
  expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
  expect([...filesOf(folder).keys()]).toEqual(['README.md', 'index.js', 'index.js.map', 'manifest.json']);
  const bundle = filesOf(folder).get('index.js') ?? '';
  expect(bundle).not.toContain('import(');
  const { default: made } = (await import(`data:text/javascript,${encodeURIComponent(bundle)}`)) as {
    default: { fetch(): Promise<Response> };
  };
  expect(await (await made.fetch()).text()).toBe('loaded late');
});

describe('what npm packages rely on', () => {
  /** Bundles an entry and answers what its default export is. */
  async function evaluate(entry: string, prepare: (plugin: string) => void): Promise<unknown> {
    const { folder, plugin, souk } = await scaffold();
    writeFileSync(join(plugin, 'package.json'), '{}');
    writeFileSync(join(plugin, 'index.js'), entry);
    prepare(plugin);
    expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
    const code = filesOf(folder).get('index.js') ?? '';
    return ((await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { default: unknown })
      .default;
  }

  test('a map in `browser` replaces modules, and takes away what browsers do without', async () => {
    const found = await evaluate("import twofold from 'twofold'; export default twofold;", (plugin) => {
      const folder = join(plugin, 'node_modules/twofold');
      mkdirSync(folder, { recursive: true });
      const browser = { './here.js': './there.js', fs: false, 'node:path': false };
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'twofold', main: 'm.js', browser }));
      const code =
        "module.exports = [require('./here.js'), Object.keys(require('fs')), require('node:path'), require('node:fs')];";
      writeFileSync(join(folder, 'm.js'), code);
      writeFileSync(join(folder, 'here.js'), "require('node:http'); module.exports = 'Node';");
      writeFileSync(join(folder, 'there.js'), "module.exports = 'the web';");
    });
    expect(found).toEqual(['the web', [], {}, {}]);
  });

  test('builds for workers come before those for browsers', async () => {
    const found = await evaluate("import * as all from 'many'; export default all.kind;", (plugin) => {
      const folder = join(plugin, 'node_modules/many');
      mkdirSync(folder, { recursive: true });
      const exports = {
        node: './node.js',
        worker: './worker.js',
        browser: './page.js',
        default: './node.js',
      };
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'many', exports }));
      for (const kind of ['node', 'worker', 'page'])
        writeFileSync(join(folder, `${kind}.js`), `export const kind = '${kind}';`);
    });
    expect(found).toBe('worker');
  });

  test('the global object by its name in Node, no environment, and an address of the module', async () => {
    const entry = `const { SECRET = 'none', NODE_ENV } = process.env;
      export default [global === globalThis, SECRET, process.env.HOME, process.env.NODE_ENV, new URL('./a.js', import.meta.url).href];`;
    expect(await evaluate(entry, () => {})).toEqual([
      true,
      'none',
      undefined,
      'production',
      'plugin:///a.js',
    ]);
  });

  test('a module of Node comes from the npm package of that name, with and without its prefix', async () => {
    const entry =
      "import { kind } from 'node:events'; import * as bare from 'events'; export default [kind, bare.kind];";
    const kind = 'the npm package';
    const found = await evaluate(entry, (plugin) =>
      writePackage(plugin, 'events', `export const kind = '${kind}';`),
    );
    expect(found).toEqual([kind, kind]);
  });

  test('JSX is compiled by the import source that the file or its tsconfig.json names', async () => {
    const { folder, plugin, souk } = await scaffold();
    rmSync(join(plugin, 'index.js'));
    mkdirSync(join(plugin, 'node_modules/tiny'), { recursive: true });
    writeFileSync(join(plugin, 'node_modules/tiny/jsx-runtime.js'), 'export const jsx = (tag) => tag;');
    writeFileSync(join(plugin, 'tsconfig.json'), '{"compilerOptions":{"jsxImportSource":"tiny"}}');
    writeFileSync(
      join(plugin, 'index.tsx'),
      'export default { fetch: (): Response => new Response(<b />) };',
    );
    expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
    expect([...filesOf(folder).keys()]).toEqual(['README.md', 'index.js', 'index.js.map', 'manifest.json']);
    expect(filesOf(folder).get('index.js')).toContain('jsx("b"');
  });

  test.each([
    ['./a.wasm', 'WebAssembly'],
    ['./a.node', 'native code'],
    ['./a.bin', 'JSON or text'],
  ])('%s is refused with what to do about it', async (path, mend) => {
    const { plugin, souk } = await scaffold();
    writeFileSync(join(plugin, 'package.json'), '{}');
    writeFileSync(join(plugin, path), 'x');
    writeFileSync(join(plugin, 'index.js'), `import x from '${path}'; export default x;`);
    const { error } = JSON.parse((await souk('pack', 'hello', '--json')).out);
    expect(error.violations).toMatchObject([{ pointer: 'index.js:1', hint: expect.stringContaining(mend) }]);
  });

  test('a module of Node that has a stand-in is refused with how to get it', async () => {
    const { plugin, souk } = await scaffold();
    writeFileSync(join(plugin, 'package.json'), '{}');
    const imports = "import 'node:path'; import 'crypto'; import 'node:net';";
    writeFileSync(join(plugin, 'index.js'), `${imports} export default {};`);
    const { error } = JSON.parse((await souk('pack', 'hello', '--json')).out);
    expect(error.violations.map(({ hint }: { hint?: string }) => hint ?? '')).toEqual([
      expect.stringContaining('npm install path@npm:path-browserify'),
      expect.stringContaining('npm install crypto@npm:crypto-browserify'),
      '',
    ]);
  });
});

function writePackage(
  plugin: string,
  name: string,
  code: string,
  more: Readonly<Record<string, string>> = {},
  browser?: string,
): void {
  const folder = join(plugin, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name, exports: { ...(browser ? { browser: `./${browser}` } : {}), default: './m.js' } }),
  );
  for (const [path, text] of Object.entries({ 'm.js': code, ...more }))
    writeFileSync(join(folder, path), text);
}

describe('a build that the package keeps for pages gives way to its plain one, where that runs anywhere', () => {
  test.each([
    {
      name: '@aws-sdk/xml-builder',
      manifest: { main: 'es/index.js', browser: { './es/xml-parser': './es/xml-parser.browser' } },
      files: {
        'es/index.js': "export { how } from './xml-parser';",
        'es/xml-parser.js': "export const how = 'by itself';",
        'es/xml-parser.browser.js': 'export const how = new DOMParser();',
      },
    },
    {
      name: '@azure/core-xml',
      manifest: { exports: { browser: './dist/browser/index.js', import: './dist/esm/index.js' } },
      files: {
        'dist/browser/index.js': 'export { how } from "./xml-browser.mjs";',
        'dist/browser/xml-browser.mjs': 'export const how = new DOMParser();',
        'dist/esm/xml.js': "export const how = 'by itself';",
      },
    },
  ])('$name', async ({ name, manifest, files }) => {
    const { folder, plugin, souk } = await scaffold();
    const installed = join(plugin, 'node_modules', name);
    for (const [path, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files })) {
      mkdirSync(dirname(join(installed, path)), { recursive: true });
      writeFileSync(join(installed, path), text);
    }
    writeTypeScript(plugin, 'src/index.ts');
    writeFileSync(join(plugin, 'src/greeting.ts'), `export { how as greeting } from '${name}';\n`);
    expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
    expect(filesOf(folder).get('index.js')).toContain('by itself');
    expect(filesOf(folder).get('index.js')).not.toContain('DOMParser');
  });
});

test('a registry that never calls is there for modules that make one, and for no other', async () => {
  const { folder, plugin, souk } = await scaffold();
  writeTypeScript(plugin, 'src/index.ts');
  expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
  expect(filesOf(folder).get('index.js')).not.toContain('FinalizationRegistry');
  const use = 'new FinalizationRegistry(() => {}).unregister({})';
  writeFileSync(join(plugin, 'src/greeting.ts'), `export const greeting = ${use};\n`);
  expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
  const files = filesOf(folder);
  expect([...files.keys()]).toEqual(['README.md', 'index.js', 'index.js.map', 'manifest.json']);
  expect(valueOf(files.get('index.js'), 'greeting')).toBe(false);
});

describe('globals of Node', () => {
  const made = {
    buffer: "export const Buffer = { from: () => 'the npm package' };\n",
    process: "export default { title: 'browser' };\n",
  };
  const greeting = 'export const greeting = [typeof Buffer, typeof process, process.env.HOME];\n';
  const greetingOf = async (packageJson: object): Promise<unknown> => {
    const { folder, plugin, souk } = await scaffold();
    for (const [name, code] of Object.entries(made)) writePackage(plugin, name, code);
    writeFileSync(join(plugin, 'package.json'), JSON.stringify(packageJson));
    writeTypeScript(plugin, 'src/index.ts');
    writeFileSync(join(plugin, 'src/greeting.ts'), greeting);
    expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
    return valueOf(filesOf(folder).get('index.js'), 'greeting');
  };

  test('are the npm packages that the plugin depends on', async () => {
    expect(await greetingOf({ dependencies: { buffer: '6', process: '0' } })).toEqual([
      'object',
      'object',
      undefined,
    ]);
    expect(await greetingOf({ devDependencies: { process: '0' } })).toEqual([
      'undefined',
      'object',
      undefined,
    ]);
  });

  test('are not asked for where their packages are not installed', async () => {
    const { plugin, souk } = await scaffold();
    writeFileSync(join(plugin, 'package.json'), '{"dependencies":{"buffer":"6","process":"0"}}');
    expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
  });

  test('are not there because some library has brought the packages along', async () => {
    expect(await greetingOf({ dependencies: { 'left-pad': '1' } })).toEqual([
      'undefined',
      'undefined',
      undefined,
    ]);
  });
});

/** Runs a bundle where nothing but the language is, and returns one of its variables. */
function valueOf(bundle: string | undefined, name: string): unknown {
  const script = `delete globalThis.FinalizationRegistry;${bundle?.replace(/export \{[^]*$/u, '')};${name}`;
  return structuredClone(runInNewContext(script, {}));
}

test('a bundle that is too large for a package is minified, and no other', async () => {
  const { folder, plugin, souk } = await scaffold();
  writeTypeScript(plugin, 'src/index.ts');
  expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
  expect(filesOf(folder).get('index.js')).toContain('var greeting = ');
  const name = 'n'.repeat(1_000);
  const uses = Array.from({ length: 5_000 }, () => name);
  const code = `const ${name} = [];\nexport const greeting = [${uses.join(',')}].length;\n`;
  writeFileSync(join(plugin, 'src/greeting.ts'), code);
  expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
  expect(filesOf(folder).get('index.js')?.length).toBeLessThan(100_000);
  expect((await souk('check', ARCHIVE)).exitCode).toBe(0);
});

test('a bundle holds neither tests nor fixtures nor build files, and all else that the folder has', async () => {
  const { folder, plugin, souk } = await scaffold();
  writeTypeScript(plugin, 'src/index.ts');
  const extra = [
    'src/index.test.ts',
    'check.test.js',
    'tests/data.json',
    'fixtures/rows.csv',
    'package.json',
  ];
  for (const path of [...extra, 'LICENSE', 'assets/words.txt']) {
    mkdirSync(dirname(join(plugin, path)), { recursive: true });
    writeFileSync(join(plugin, path), '{}');
  }
  writeFileSync(
    join(plugin, 'src/greeting.ts'),
    "import manifest from '../manifest.json' with { type: 'json' };\nexport const greeting = manifest.id;\n",
  );
  expect(await souk('pack', 'hello')).toMatchObject({ exitCode: 0, error: '' });
  expect([...filesOf(folder).keys()].sort()).toEqual([
    'LICENSE',
    'README.md',
    'assets/words.txt',
    'index.js',
    'index.js.map',
    'manifest.json',
  ]);
});

test('a plain folder keeps every file but its tests in TypeScript', async () => {
  const { folder, plugin, souk } = await scaffold();
  mkdirSync(join(plugin, 'fixtures'));
  for (const path of ['index.test.ts', 'fixtures/a.txt', 'other.ts'])
    writeFileSync(join(plugin, path), '1\n');
  await souk('pack', 'hello');
  expect([...filesOf(folder).keys()].sort()).toEqual([
    'README.md',
    'fixtures/a.txt',
    'index.js',
    'manifest.json',
    'other.ts',
  ]);
});

test('plain JavaScript without package.json is packed as it is', async () => {
  const { folder, plugin, souk } = await scaffold();
  writeFileSync(join(plugin, '.env'), 'SECRET=1');
  await souk('pack', 'hello');
  expect([...filesOf(folder).keys()]).toEqual(['README.md', 'index.js', 'manifest.json']);
  expect(filesOf(folder).get('index.js')).toBe(readFileSync(join(plugin, 'index.js'), 'utf8'));
});
