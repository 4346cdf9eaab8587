/**
 * manifest.json, version 1: its type, and the one way to read it. The schema itself is
 * `schemas/manifest-v1.schema.json`; what JSON Schema cannot say (versions, ranges, permission scopes, schemas within
 * the manifest, references between its parts) is checked here. Every violation is reported at once.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import semver from 'semver';
import { parseCron } from './cron.ts';
import { findContract, nearestContract } from './contracts/catalogue.ts';
import { isReadAsFullName, isReservedForSouk, RESERVED_PREFIXES } from './event-name.ts';
import { checkGuestSchema } from './guest-schema.ts';
import type { JsonObject } from './json.ts';
import { PACKAGE_LIMITS } from './limits.ts';
import { nearestName } from './nearest-name.ts';
import { checkModules } from './modules/check-modules.ts';
import type { ModuleContribution } from './modules/module.ts';
import { checkPermissionParameters, type HttpMethod, type Permission } from './permission.ts';
import { isPluginId, type PluginId } from './plugin-id.ts';
import { Refusal, type Violation } from './refusal.ts';
import schema from './schemas/manifest-v1.schema.json' with { type: 'json' };
import { parseStrictJson, toPointer } from './strict-json.ts';

export const PLUGIN_TYPES = [
  'integration',
  'import',
  'enrichment',
  'ui',
  'theme',
  'workflow',
  'ai',
  'core',
] as const;

/** Who may call: anyone, members of the org, its admins, or whoever the org gave a right of the plugin. */
export type Access = 'public' | 'member' | 'admin' | `action:${string}`;

export type Endpoint = {
  readonly method: HttpMethod;
  /** Segments, `:parameters`, and at the end `*` for any rest. */
  readonly path: string;
  /** `member` where absent. */
  readonly access?: Access;
  readonly summary?: string;
  readonly request?: JsonObject;
  readonly response?: JsonObject;
};

export type Command = {
  readonly name: string;
  readonly title?: string;
  readonly access?: Access;
  readonly arguments?: JsonObject;
  /** `job` for what takes long: it always runs in the background. `direct` where absent. */
  readonly run?: 'direct' | 'job';
  /** Whether a job that was interrupted is begun again; `never` where absent. */
  readonly retry?: 'never' | 'interrupted';
};

export type Contributions = {
  readonly endpoints?: readonly Endpoint[];
  readonly commands?: readonly Command[];
  readonly actions?: readonly {
    readonly name: string;
    readonly title: string;
    readonly default?: 'member' | 'admin' | 'owner';
  }[];
  readonly contracts?: readonly string[];
  readonly events?: {
    readonly emits?: Readonly<Record<string, JsonObject>>;
    readonly subscribes?: readonly string[];
  };
  readonly schedules?: readonly {
    readonly name: string;
    readonly cron: string;
    readonly timeZone?: string;
    /** What is done about ticks for which no server was there; `skip` where absent. */
    readonly missed?: 'skip' | 'once';
    readonly retry?: 'never' | 'interrupted';
  }[];
  readonly modules?: readonly ModuleContribution[];
  readonly pages?: readonly JsonObject[];
  readonly theme?: JsonObject;
  readonly migrations?: string;
};

export type Manifest = {
  readonly manifestVersion: 1;
  readonly id: PluginId;
  readonly version: string;
  readonly name: string;
  readonly description?: string;
  readonly type?: (typeof PLUGIN_TYPES)[number];
  readonly category?: string;
  readonly license?: string;
  readonly author?: { readonly name: string; readonly url?: string; readonly email?: string };
  readonly engines?: { readonly souk: string };
  readonly main: string;
  readonly dependencies?: Readonly<Record<PluginId, string>>;
  readonly optionalDependencies?: Readonly<Record<PluginId, string>>;
  readonly permissions?: readonly Permission[];
  readonly config?: JsonObject;
  readonly secrets?: Readonly<
    Record<string, { readonly title: string; readonly description?: string; readonly required?: boolean }>
  >;
  readonly contributes?: Contributions;
  readonly availability?: {
    readonly visibility?: 'public' | 'private';
    readonly enabledByDefault?: boolean;
    readonly scope?: 'organization' | 'global';
  };
};

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  ownProperties: true,
  verbose: true,
});
const validateSchema = ajv.compile<Manifest>(schema);

/**
 * Reads a manifest.
 * @param bytes the file as it lies in the package
 * @throws Refusal `manifest_too_large`, `manifest_not_json` or `manifest_invalid`, each with every violation
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > PACKAGE_LIMITS.manifestBytesMax) {
    throw new Refusal('manifest_too_large', {
      detail: `manifest.json has ${bytes.length} bytes; at most ${PACKAGE_LIMITS.manifestBytesMax} are read.`,
    });
  }
  const json = parseStrictJson(bytes, PACKAGE_LIMITS.manifestDepthMax);
  if (json.kind === 'faults') {
    const [first] = json.faults;
    const detail = `manifest.json ${first?.pointer ? `at ${first.pointer}: ` : ''}${first?.message}.`;
    throw new Refusal('manifest_not_json', { detail, violations: json.faults });
  }
  const candidate: unknown = json.value;
  if (!validateSchema(candidate)) throw manifestInvalid((validateSchema.errors ?? []).map(explain));
  const violations = crossCheck(candidate);
  if (violations.length > 0) throw manifestInvalid(violations);
  return candidate;
}

function manifestInvalid(violations: readonly Violation[]): Refusal {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  return new Refusal('manifest_invalid', {
    detail: `${first?.pointer || '/'}: ${first?.message}${more}.`,
    violations,
  });
}

/** The rules beyond JSON Schema, over a manifest that fits the schema. */
function crossCheck(manifest: Manifest): Violation[] {
  return [
    ...checkIdentity(manifest),
    ...checkRanges(manifest),
    ...checkPermissions(manifest),
    ...checkSchemas(manifest),
    ...checkContracts(manifest),
    ...checkNames(manifest),
    ...checkSchedules(manifest),
    ...checkEvents(manifest),
    ...checkModules(manifest.contributes?.modules ?? [], {
      actions: (manifest.contributes?.actions ?? []).map(({ name }) => name),
      extendScope: manifest.permissions?.find(({ name }) => name === 'modules.extend')?.scope,
    }),
  ];
}

function checkIdentity(manifest: Manifest): Violation[] {
  const faults: Violation[] = [];
  if (!isPluginId(manifest.id)) {
    faults.push({ pointer: '/id', message: 'a publisher has at most 39 characters and a name at most 63' });
  }
  const version = semver.parse(manifest.version);
  if (!version || version.raw !== manifest.version || version.version !== manifest.version) {
    const hint = version ? `Write ${version.version}.` : 'Write major.minor.patch, such as 1.0.0.';
    const message = version?.build.length
      ? 'carries build metadata, which no range can tell apart'
      : 'is not a semantic version';
    faults.push({ pointer: '/version', message, hint });
  }
  return faults;
}

function checkRanges(manifest: Manifest): Violation[] {
  const faults: Violation[] = [];
  const check = (pointer: string, range: string): void => {
    if (semver.validRange(range) === null)
      faults.push({ pointer, message: `${JSON.stringify(range)} is not a semver range` });
  };
  if (manifest.engines) check('/engines/souk', manifest.engines.souk);
  const required = manifest.dependencies ?? {};
  for (const [key, ranges] of [
    ['dependencies', required],
    ['optionalDependencies', manifest.optionalDependencies ?? {}],
  ] as const) {
    for (const [id, range] of Object.entries(ranges)) {
      const pointer = toPointer([key, id]);
      check(pointer, range);
      if (id === manifest.id) faults.push({ pointer, message: 'a plugin cannot depend on itself' });
      if (key === 'optionalDependencies' && Object.hasOwn(required, id)) {
        faults.push({ pointer, message: 'is also a required dependency', hint: 'List it once.' });
      }
    }
  }
  return faults;
}

function checkPermissions(manifest: Manifest): Violation[] {
  const seen = new Set<string>();
  return (manifest.permissions ?? []).flatMap((permission, index) => {
    const pointer = toPointer(['permissions', index]);
    const faults = checkPermissionParameters(permission).map((message) => ({ pointer, message }));
    if (seen.has(permission.name) && permission.name !== 'http.fetch') {
      faults.push({ pointer, message: `asks for ${permission.name} a second time; join the scopes` });
    }
    seen.add(permission.name);
    return faults;
  });
}

function checkSchemas(manifest: Manifest): Violation[] {
  const contributes = manifest.contributes ?? {};
  return [
    ...(manifest.config ? checkGuestSchema(manifest.config, '/config') : []),
    ...(contributes.endpoints ?? []).flatMap((endpoint, index) => [
      ...(endpoint.request
        ? checkGuestSchema(endpoint.request, `/contributes/endpoints/${index}/request`)
        : []),
      ...(endpoint.response
        ? checkGuestSchema(endpoint.response, `/contributes/endpoints/${index}/response`)
        : []),
    ]),
    ...(contributes.commands ?? []).flatMap((command, index) =>
      command.arguments
        ? checkGuestSchema(command.arguments, `/contributes/commands/${index}/arguments`)
        : [],
    ),
    ...Object.entries(contributes.events?.emits ?? {}).flatMap(([name, event]) =>
      checkGuestSchema(event, toPointer(['contributes', 'events', 'emits', name])),
    ),
  ];
}

/** Against the contracts of this version of Souk: an implementation of one that it does not know could never be called. */
function checkContracts({ contributes }: Manifest): Violation[] {
  return (contributes?.contracts ?? []).flatMap((id, index) => {
    if (findContract(id)) return [];
    const nearest = nearestContract(id);
    const message = `${JSON.stringify(id)} is no contract that Souk knows`;
    const hint = nearest ? `Did you mean ${JSON.stringify(nearest)}?` : 'GET /api/v1/contracts lists them.';
    return [{ pointer: `/contributes/contracts/${index}`, message, hint }];
  });
}

/** Names that must be unique in the manifest, and references that must resolve in it. */
function checkNames(manifest: Manifest): Violation[] {
  const contributes = manifest.contributes ?? {};
  const endpoints = contributes.endpoints ?? [];
  const actions = new Set((contributes.actions ?? []).map((action) => action.name));
  const guarded = [
    ...endpoints.map((endpoint, index) => ({
      access: endpoint.access,
      pointer: `/contributes/endpoints/${index}/access`,
    })),
    ...(contributes.commands ?? []).map((command, index) => ({
      access: command.access,
      pointer: `/contributes/commands/${index}/access`,
    })),
  ];
  return [
    ...duplicates(
      'endpoints',
      endpoints.map((endpoint) => `${endpoint.method} ${endpoint.path.replaceAll(/:[^/]+/gu, ':')}`),
    ),
    ...duplicates(
      'commands',
      (contributes.commands ?? []).map((command) => command.name),
    ),
    ...duplicates(
      'actions',
      (contributes.actions ?? []).map((action) => action.name),
    ),
    ...duplicates(
      'schedules',
      (contributes.schedules ?? []).map((schedule) => schedule.name),
    ),
    ...guarded.flatMap(({ access, pointer }) =>
      access?.startsWith('action:') && !actions.has(access.slice('action:'.length))
        ? [
            {
              pointer,
              message: `names the action ${access.slice('action:'.length)}, which contributes.actions does not have`,
            },
          ]
        : [],
    ),
  ];
}

/** Souk's own words are not for others to say. */
function checkEvents({ contributes }: Manifest): Violation[] {
  return Object.keys(contributes?.events?.emits ?? {}).flatMap((name) => {
    const pointer = toPointer(['contributes', 'events', 'emits', name]);
    if (isReservedForSouk(name)) {
      const hint = `Names below ${RESERVED_PREFIXES.join(', ')} are reserved.`;
      return [{ pointer, message: 'is a name that Souk keeps for itself', hint }];
    }
    if (!isReadAsFullName(name)) return [];
    const hint = 'Use two or three parts, such as race.finished or race.room.opened.';
    return [{ pointer, message: 'has as many parts as the full name of an event of a plugin', hint }];
  });
}

function checkSchedules({ contributes }: Manifest): Violation[] {
  return (contributes?.schedules ?? []).flatMap(({ cron, timeZone }, index) => {
    const parsed = parseCron(cron, timeZone);
    return typeof parsed === 'string'
      ? [{ pointer: `/contributes/schedules/${index}`, message: parsed }]
      : [];
  });
}

function duplicates(part: string, keys: readonly string[]): Violation[] {
  return keys.flatMap((key, index) =>
    keys.indexOf(key) < index
      ? [{ pointer: `/contributes/${part}/${index}`, message: `repeats ${key}` }]
      : [],
  );
}

/** An ajv error as a sentence, with the nearest known name where a key is unknown. */
function explain(error: ErrorObject): Violation {
  const { keyword, params, instancePath, parentSchema } = error;
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty']);
    const known = Object.keys((parentSchema?.['properties'] as object | undefined) ?? {});
    const nearest = nearestName(key, known);
    return {
      pointer: instancePath + toPointer([key]),
      message: `the key ${JSON.stringify(key)} is not known here`,
      hint: nearest ? `Did you mean ${JSON.stringify(nearest)}?` : `Known keys: ${known.join(', ')}.`,
    };
  }
  if (keyword === 'enum') {
    const allowed = params['allowedValues'] as string[];
    const nearest = nearestName(String(error.data), allowed);
    const hint = nearest
      ? `Did you mean ${JSON.stringify(nearest)}?`
      : `Known values: ${allowed.join(', ')}.`;
    return {
      pointer: instancePath,
      message: `${JSON.stringify(error.data)?.slice(0, 80)} is not an allowed value`,
      hint,
    };
  }
  if (keyword === 'required') {
    return { pointer: instancePath + toPointer([String(params['missingProperty'])]), message: 'is missing' };
  }
  const description = parentSchema?.['description'] as string | undefined;
  return {
    pointer: instancePath,
    message: error.message ?? 'is not valid',
    ...(description ? { hint: description } : {}),
  };
}
