/** What the folder of a new plugin holds: the least that can be checked, tested, packed and published. */
import { join, relative, sep } from 'node:path';
import { splitPluginId, type PluginId } from '../spec/plugin-id.ts';

/** The clone that this command is part of; types and test host come from it as the package `souk`. */
const CLONE = join(import.meta.dirname, '..');

/** Content by path. */
export type PluginTemplate = ReadonlyMap<string, string>;

/** In JavaScript, without anything to install. */
export function plainTemplate(id: PluginId): PluginTemplate {
  return new Map([...commonFiles(id), ['index.js', MODULE]]);
}

/**
 * In TypeScript, with a test.
 * @param folder where it will lie, as an absolute path
 */
export function typescriptTemplate(id: PluginId, folder: string): PluginTemplate {
  const { name } = splitPluginId(id);
  const clone = relative(folder, CLONE).split(sep).join('/');
  const pack = {
    name,
    private: true,
    type: 'module',
    scripts: { test: 'souk test', check: 'souk check', dev: 'souk dev' },
    devDependencies: { souk: `file:${clone}` },
  };
  return new Map([
    ...commonFiles(id),
    ['package.json', json(pack)],
    ['tsconfig.json', json({ extends: 'souk/plugin.tsconfig.json', include: ['src'] })],
    ['src/index.ts', TYPESCRIPT_MODULE],
    ['src/index.test.ts', TEST],
  ]);
}

function commonFiles(id: PluginId): [string, string][] {
  const { name } = splitPluginId(id);
  const manifest = {
    manifestVersion: 1,
    id,
    version: '0.1.0',
    name,
    description: 'Says hello.',
    type: 'integration',
    license: 'MIT',
    engines: { souk: '^1.0.0' },
    main: 'index.js',
    contributes: {
      endpoints: [
        { method: 'GET', path: '/hello/:name', access: 'public', summary: 'Says hello to a name.' },
      ],
    },
  };
  const readme = `# ${name}\n\nSays hello: \`GET …/hello/world\` answers \`{"hello":"world"}\`.\n`;
  return [
    ['manifest.json', json(manifest)],
    ['README.md', readme],
  ];
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

const MODULE = `export default {
  async fetch(request) {
    const name = decodeURIComponent(new URL(request.url).pathname.split('/').at(-1));
    return Response.json({ hello: name });
  },
};
`;

const TYPESCRIPT_MODULE = `import type { Host, Plugin } from 'souk/sdk';

export default {
  fetch(request: Request, { log }: Host): Response {
    const name = decodeURIComponent(new URL(request.url).pathname.split('/').at(-1) ?? '');
    log.info('says hello to', name);
    return Response.json({ hello: name });
  },
} satisfies Plugin;
`;

const TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestHost } from 'souk/sdk/testing';
import manifest from '../manifest.json' with { type: 'json' };
import plugin from './index.ts';

test('says hello', async () => {
  const host = createTestHost({ manifest });
  const answer = await host.fetch(plugin, '/hello/world');
  assert.deepEqual(await answer.json(), { hello: 'world' });
  assert.equal(host.lines[0]?.text, 'says hello to world');
});
`;
