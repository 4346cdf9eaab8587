/** Packages as an author makes them: a manifest and a few files, packed and signed by the functions of the command. */
import { writeZip } from '../../cli/zip-writer.ts';
import { readPackage } from '../../registry/package/index.ts';
import {
  formatEnvelope,
  signEnvelope,
  STATEMENT_PAYLOAD_TYPE,
  writeStatement,
  type PrivateKey,
} from '../../signing/index.ts';
import type { Contributions, Endpoint, Manifest } from '../../spec/manifest.ts';
import { splitPluginId, type PluginId } from '../../spec/plugin-id.ts';

export type PackageDraft = Partial<Omit<Manifest, 'id' | 'contributes'>> & {
  readonly id: PluginId;
  /** The entry module. */
  readonly code?: string;
  readonly endpoints?: readonly Endpoint[];
  /** What it contributes beside its endpoints. */
  readonly contributes?: Omit<Contributions, 'endpoints'>;
};

const HELLO = `export default { fetch: () => new Response('hello') };\n`;
/** Every path and method, for anyone. */
export const OPEN_ENDPOINTS: readonly Endpoint[] = (['GET', 'POST'] as const).map((method) => ({
  method,
  path: '/*',
  access: 'public',
}));

/** @returns the archive; the same draft gives the same bytes */
export function packDraft({
  code = HELLO,
  endpoints = OPEN_ENDPOINTS,
  contributes = {},
  ...draft
}: PackageDraft): Uint8Array {
  const manifest = {
    manifestVersion: 1,
    version: '1.0.0',
    name: 'A test plugin',
    description: 'Made by a test.',
    license: 'MIT',
    main: 'index.js',
    engines: { souk: '^1.0.0' },
    ...draft,
    contributes: { endpoints, ...contributes },
  };
  return packFiles({ 'manifest.json': JSON.stringify(manifest, null, 2), 'index.js': code });
}

export function packFiles(files: Readonly<Record<string, string>>): Uint8Array {
  const whole = { LICENSE: 'MIT\n', 'README.md': '# A test plugin\n', ...files };
  return writeZip(new Map(Object.entries(whole).map(([path, text]) => [path, Buffer.from(text)])));
}

/** The envelope that says what the archive itself says. */
export function signArchive(archive: Uint8Array, keys: readonly PrivateKey[]): Uint8Array {
  const read = readPackage(archive);
  const { id, version } = JSON.parse(
    Buffer.from(read.files.get('manifest.json') ?? []).toString(),
  ) as Manifest;
  const { publisher, name } = splitPluginId(id);
  const identity = { publisher, plugin: name, version };
  const payload = writeStatement(identity, { sha256: read.archiveSha256, size: read.size }, read.entries);
  return Buffer.from(formatEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, payload, keys)));
}
