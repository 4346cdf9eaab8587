/**
 * What JSON Schema cannot say of a manifest: versions, ranges, permission scopes, schemas within it, and references
 * between its parts.
 */
import semver from 'semver';
import { parseCron } from './cron.ts';
import { findContract, nearestContract } from './contracts/catalogue.ts';
import { isReadAsFullName, isReservedForSouk, RESERVED_PREFIXES } from './event-name.ts';
import { checkGuestSchema } from './guest-schema.ts';
import type { Manifest } from './manifest.ts';
import { checkModules } from './modules/check-modules.ts';
import { checkPermissionParameters } from './permission.ts';
import { isPluginId } from './plugin-id.ts';
import type { Violation } from './refusal.ts';
import { toPointer } from './strict-json.ts';
import { isVersion, readRange } from './version.ts';

/** The rules beyond JSON Schema, over a manifest that fits the schema. */
export function crossCheck(manifest: Manifest): Violation[] {
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
  return isVersion(manifest.version) ? faults : [...faults, versionFault(manifest.version)];
}

function versionFault(text: string): Violation {
  const version = semver.parse(text);
  const pointer = '/version';
  if (version?.build.length) {
    const message = 'carries build metadata, which no range can tell apart';
    return { pointer, message, hint: `Write ${version.version}.` };
  }
  if (version?.version === text) {
    const message = 'has a number in its prerelease that is too large to be compared';
    return { pointer, message, hint: 'Use numbers of at most 15 digits.' };
  }
  const hint = version ? `Write ${version.version}.` : 'Write major.minor.patch, such as 1.0.0.';
  return { pointer, message: 'is not a semantic version', hint };
}

function checkRanges(manifest: Manifest): Violation[] {
  const faults: Violation[] = [];
  const check = (pointer: string, range: string): void => {
    if (readRange(range) === undefined)
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
