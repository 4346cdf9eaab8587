/** The file of `--data`: key-value data of the plugins, read at the start and kept at the end. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { KvSnapshot, MemoryKeyValueStore } from '../../sdk/memory/kv.ts';
import { compileGuestSchema } from '../../spec/guest-validator.ts';
import type { KvNamespace } from '../../spec/host/kv.ts';
import type { JsonValue } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { fileRefusal, replaceOutput } from '../files.ts';
import type { Io } from '../io.ts';
import { DEV_ORG } from './dev-plugin.ts';

export type DevData = {
  /** Notes a plugin whose data is to be kept. */
  touch(plugin: PluginId): void;
  /** Writes the file. @throws Refusal `file_unwritable` */
  close(): Promise<void>;
};

/** By plugin id, its entries. */
type DataFile = Readonly<Record<string, KvSnapshot>>;

const check = compileGuestSchema({
  type: 'object',
  additionalProperties: {
    type: 'array',
    items: {
      type: 'object',
      required: ['key', 'value', 'expiresAtMs'],
      properties: { key: { type: 'string' }, expiresAtMs: { type: ['number', 'null'] } },
    },
  },
});

/**
 * Puts what the file holds into the store.
 * @param path in memory alone where absent
 * @throws Refusal `file_unreadable`, `dev_data_invalid`, as a write to the store, or `file_unwritable`: what cannot be
 *   kept is said before, not after an hour's work
 */
export function openDevData(io: Io, values: MemoryKeyValueStore, path: string | undefined): DevData {
  if (path === undefined) return { touch: () => undefined, close: async () => undefined };
  requireRoomFor(io, path);
  const kept = readData(io, path);
  const seen = new Set(Object.keys(kept));
  for (const [id, snapshot] of Object.entries(kept)) values.restore(namespaceOf(id), snapshot);
  return {
    touch: (plugin) => void seen.add(plugin),
    close: () => {
      const data = Object.fromEntries([...seen].map((id) => [id, values.snapshot(namespaceOf(id))]));
      return replaceOutput(io, path, `${JSON.stringify(data, undefined, 2)}\n`);
    },
  };
}

function namespaceOf(id: string): KvNamespace {
  return { orgId: DEV_ORG.id, installationId: id };
}

/** The file is replaced whole, by another one beside it. */
function requireRoomFor(io: Io, path: string): void {
  try {
    accessSync(dirname(resolve(io.cwd, path)), constants.W_OK);
  } catch (error) {
    throw fileRefusal('file_unwritable', path, error);
  }
}

/** @throws Refusal `file_unreadable` or `dev_data_invalid`; a file that is missing holds nothing */
function readData(io: Io, path: string): DataFile {
  const data = parse(path, readText(io, path));
  const [first] = check(data);
  if (first) throw invalid(path, `${first.pointer || '/'}: ${first.message}`);
  return data as unknown as DataFile;
}

function readText(io: Io, path: string): string {
  try {
    return readFileSync(resolve(io.cwd, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '{}';
    throw fileRefusal('file_unreadable', path, error);
  }
}

function parse(path: string, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw invalid(path, 'it is not JSON');
  }
}

function invalid(path: string, what: string): Refusal {
  return new Refusal('dev_data_invalid', { detail: `${path}: ${what}.` });
}
