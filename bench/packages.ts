/** The plugins that are measured, as packages in memory. */
import { buildSync } from 'esbuild';
import { writeZip } from '../cli/zip-writer.ts';
import {
  formatEnvelope,
  signEnvelope,
  STATEMENT_PAYLOAD_TYPE,
  writeStatement,
  type PrivateKey,
} from '../signing/index.ts';
import { readPackage } from '../registry/package/index.ts';
import type { JsonObject } from '../spec/json.ts';
import type { PluginId } from '../spec/plugin-id.ts';

export type SignedPackage = { readonly archive: Uint8Array; readonly envelope: Uint8Array };

/** What goes into a package besides its identity. */
export type PluginSource = {
  readonly code: string;
  readonly permissions?: readonly JsonObject[];
  readonly endpoints: readonly JsonObject[];
  readonly contracts?: readonly string[];
  readonly events?: JsonObject;
  readonly dependencies?: JsonObject;
  /** Further files, by path. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
};

export function packPlugin(id: PluginId, version: string, source: PluginSource): Uint8Array {
  const manifest = {
    manifestVersion: 1,
    id,
    version,
    name: id,
    license: 'MIT',
    main: 'index.js',
    permissions: source.permissions ?? [],
    ...(source.dependencies ? { dependencies: source.dependencies } : {}),
    contributes: {
      endpoints: source.endpoints,
      ...(source.contracts ? { contracts: source.contracts } : {}),
      ...(source.events ? { events: source.events } : {}),
    },
  };
  const text = new TextEncoder();
  return writeZip(
    new Map([
      ['manifest.json', text.encode(JSON.stringify(manifest))],
      ['index.js', text.encode(source.code)],
      ...(source.files ?? []),
    ]),
  );
}

export function signPackage(
  archive: Uint8Array,
  id: PluginId,
  version: string,
  key: PrivateKey,
): SignedPackage {
  const read = readPackage(archive);
  const [publisher = '', plugin = ''] = id.split('/');
  const digest = { sha256: read.archiveSha256, size: read.size };
  const payload = writeStatement({ publisher, plugin, version }, digest, read.entries);
  const envelope = formatEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, payload, [key]));
  return { archive, envelope: new TextEncoder().encode(envelope) };
}

const NUMBERS_SCHEMA: JsonObject = {
  type: 'object',
  required: ['numbers'],
  properties: {
    numbers: { type: 'array', items: { type: 'number' }, maxItems: 1000 },
    note: { type: 'string' },
  },
  additionalProperties: false,
};

const SUM_CODE = `export default {
  async fetch(request) {
    const { numbers } = await request.json();
    return Response.json({ sum: numbers.reduce((total, number) => total + number, 0) });
  },
};
`;

/** The work of the reference, once for everybody and once for members, each with its request checked. */
export const SUM_PLUGIN: PluginSource = {
  code: SUM_CODE,
  endpoints: [
    { method: 'POST', path: '/sum', access: 'public', request: NUMBERS_SCHEMA },
    { method: 'POST', path: '/members/sum', access: 'member', request: NUMBERS_SCHEMA },
  ],
};

/** About 300 bytes of JSON with 20 numbers. */
export const SUM_BODY = JSON.stringify({
  numbers: Array.from({ length: 20 }, (_, index) => index * 1.25),
  note: 'a line of text '.repeat(11),
});

export const KV_PLUGIN: PluginSource = {
  permissions: [{ name: 'kv', reason: 'Reads what it wrote.' }],
  code: `const TEN_KEYS = Array.from({ length: 10 }, (_, index) => 'key-' + index);
export default {
  async fetch(request, { kv }) {
    if (request.method === 'PUT') {
      for (const key of TEN_KEYS) await kv.set(key, { text: 'a value of ordinary size', number: 42 });
      return Response.json({});
    }
    if (request.url.endsWith('/many')) return Response.json({ values: (await kv.getMany(TEN_KEYS)).map(([, value]) => value) });
    return Response.json({ value: await kv.get('key-0') });
  },
};
`,
  endpoints: [
    { method: 'PUT', path: '/', access: 'public' },
    { method: 'GET', path: '/one', access: 'public' },
    { method: 'GET', path: '/many', access: 'public' },
  ],
};

/** The same small plugin, each with a digest and a schema of its own: what is known by its text helps none of them. */
export function smallPlugin(number: number): PluginSource {
  const request = { ...NUMBERS_SCHEMA, description: `numbers of plugin ${number}` };
  const endpoints = SUM_PLUGIN.endpoints.map((endpoint) => ({ ...endpoint, request }));
  return { code: `// ${number}\n${SUM_CODE}`, endpoints };
}

/** About 200 KB of ordinary libraries, bundled and not minified: a Hono app with a CSV reader. */
export function bundledPlugin(number: number): PluginSource {
  const contents = `import { Hono } from 'hono';
import * as csv from 'csv-parse/browser/esm';
const app = new Hono();
app.post('/sum', async (context) => {
  const { numbers } = await context.req.json();
  return context.json({ sum: numbers.reduce((total, number) => total + number, 0), parts: Object.keys(csv).length });
});
export default app;
export const number = ${number};
`;
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  return { code: outputFiles[0]?.text ?? '', endpoints: SUM_PLUGIN.endpoints };
}
