/** `.souk-dev.json` of a plugin folder: what administrators would enter for the plugin. Never part of a package. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { MemoryMailServer } from '../../sdk/memory/mail.ts';
import { type EgressAllow, parseEgressAllow } from '../../services/egress/index.ts';
import { compileGuestSchema } from '../../spec/guest-validator.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { PERMISSION_NAMES, type PermissionName } from '../../spec/permission.ts';
import { Refusal } from '../../spec/refusal.ts';
import { fileRefusal } from '../files.ts';
import type { Io } from '../io.ts';

export const DEV_VALUES_FILE = '.souk-dev.json';

export type DevValues = {
  /** The organization's layer of the configuration. */
  readonly config: JsonObject;
  readonly secrets: ReadonlyMap<string, string>;
  /** Permissions that are not granted, though the manifest asks for them. */
  readonly deny: ReadonlySet<PermissionName>;
  /** The mail server as the plugin meets it; one that takes every recipient where the file says nothing. */
  readonly mail: MemoryMailServer;
  /** What the plugin may reach beyond the public Internet, in the words of SOUK_EGRESS_ALLOW. */
  readonly egressAllow: EgressAllow;
};

const check = compileGuestSchema({
  type: 'object',
  additionalProperties: false,
  properties: {
    config: { type: 'object' },
    secrets: { type: 'object', additionalProperties: { type: 'string' } },
    deny: { type: 'array', items: { enum: [...PERMISSION_NAMES] } },
    egressAllow: { type: 'array', items: { type: 'string' } },
    mail: {
      anyOf: [
        { const: 'none' },
        {
          type: 'object',
          additionalProperties: false,
          properties: { rejects: { type: 'array', items: { type: 'string' } } },
        },
      ],
    },
  },
});

/** @throws Refusal `file_unreadable` or `dev_values_invalid`; a file that is missing says nothing */
export async function readDevValues(io: Io, folder: string): Promise<DevValues> {
  const path = join(folder, DEV_VALUES_FILE);
  const values = parseValues(path, await readText(resolve(io.cwd, path), path));
  const allow = parseEgressAllow((values.egressAllow ?? []).join(','));
  if (typeof allow === 'string') throw invalid(path, `egressAllow ${allow}`);
  return {
    config: values.config ?? {},
    secrets: new Map(Object.entries(values.secrets ?? {})),
    deny: new Set(values.deny ?? []),
    egressAllow: allow,
    mail: values.mail ?? {},
  };
}

type ValuesFile = {
  readonly config?: JsonObject;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly deny?: readonly PermissionName[];
  readonly egressAllow?: readonly string[];
  readonly mail?: MemoryMailServer;
};

async function readText(full: string, path: string): Promise<string> {
  try {
    return await readFile(full, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '{}';
    throw fileRefusal('file_unreadable', path, error);
  }
}

function parseValues(path: string, text: string): ValuesFile {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    throw invalid(path, 'it is not JSON');
  }
  const [first] = check(value);
  if (first) throw invalid(path, `${first.pointer || '/'}: ${first.message}`);
  return value as ValuesFile;
}

function invalid(path: string, what: string): Refusal {
  return new Refusal('dev_values_invalid', { detail: `${path}: ${what}.` });
}
