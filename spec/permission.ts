/**
 * The permission catalogue: what a plugin can ask for, how risky it is, and how two requests are compared.
 *
 * A permission is asked for in the manifest. A grant is what an administrator gave, with parameters that may be
 * narrower. Both have the same shape and are compared in canonical form (name, sorted scopes, sorted methods), so
 * that reordering is never a change.
 */
import { isModuleWord } from './modules/module.ts';
import { isPluginId } from './plugin-id.ts';
import { coversUrlPattern, parseUrlPattern } from './url-pattern.ts';

export const PERMISSION_NAMES = [
  'http.fetch',
  'kv',
  'secrets',
  'mail.send',
  'events.emit',
  'events.subscribe',
  'plugins.call',
  'contracts.call',
  'records.read',
  'records.propose',
  'database',
  'modules.extend',
  'jobs',
  'ui.page',
  'ui.theme',
] as const;

export type PermissionName = (typeof PERMISSION_NAMES)[number];

export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** What one manifest asks for, or one administrator granted. */
export type Permission = {
  readonly name: PermissionName;
  /** What the permission is limited to; the kind of entry is given by the catalogue. Absent where it has none. */
  readonly scope?: readonly string[];
  /** `http.fetch` only: the methods; absent means all of `HTTP_METHODS`. */
  readonly methods?: readonly HttpMethod[];
  /** The author's reason, for the administrator who decides. Not part of the comparison. */
  readonly reason?: string;
};

/** The kind of entries that a permission's scope has. */
export type ScopeKind = 'none' | 'urls' | 'names' | 'plugins' | 'contracts' | 'recordTypes' | 'modules';

export type PermissionKind = {
  readonly risk: 'low' | 'medium' | 'high';
  readonly scope: ScopeKind;
  /** One sentence for the administrator; `{scope}` is replaced by the scope, joined with commas. */
  readonly sentence: string;
  /** Whether this version of Souk has the capability behind it. What it lacks is refused, never ignored. */
  readonly supported: boolean;
};

export const PERMISSION_CATALOGUE: Readonly<Record<PermissionName, PermissionKind>> = {
  'http.fetch': {
    risk: 'high',
    scope: 'urls',
    sentence: 'Sends data to and reads data from {scope}.',
    supported: true,
  },
  kv: {
    risk: 'low',
    scope: 'none',
    sentence: 'Keeps its own data in this organization; no other plugin sees it.',
    supported: true,
  },
  secrets: {
    risk: 'medium',
    scope: 'none',
    sentence: 'Reads the secrets that you enter for it.',
    supported: true,
  },
  'mail.send': {
    risk: 'high',
    scope: 'none',
    sentence: 'Sends mail through the mail server of your organization.',
    supported: true,
  },
  'events.emit': { risk: 'low', scope: 'names', sentence: 'Announces the events {scope}.', supported: true },
  'events.subscribe': {
    risk: 'medium',
    scope: 'names',
    sentence: 'Hears the events {scope}.',
    supported: true,
  },
  'plugins.call': {
    risk: 'medium',
    scope: 'plugins',
    sentence: 'Calls the plugins {scope}.',
    supported: true,
  },
  'contracts.call': {
    risk: 'medium',
    scope: 'contracts',
    sentence: 'Calls whichever plugin answers {scope}.',
    supported: true,
  },
  'records.read': {
    risk: 'high',
    scope: 'recordTypes',
    sentence: 'Reads records of {scope}.',
    supported: true,
  },
  'records.propose': {
    risk: 'medium',
    scope: 'recordTypes',
    sentence: 'Proposes records of {scope}, which Souk then accepts, rejects or holds.',
    supported: true,
  },
  database: {
    risk: 'high',
    scope: 'none',
    sentence: 'Keeps tables of its own in a database schema of its own.',
    supported: false,
  },
  'modules.extend': {
    risk: 'medium',
    scope: 'modules',
    sentence: 'Adds to the modules {scope}.',
    supported: true,
  },
  jobs: { risk: 'low', scope: 'none', sentence: 'Runs work in the background.', supported: true },
  'ui.page': { risk: 'medium', scope: 'none', sentence: 'Adds pages to the console.', supported: false },
  'ui.theme': { risk: 'low', scope: 'none', sentence: 'Changes how the console looks.', supported: false },
};

const EVENT_NAME = /^[a-z][a-z0-9-]*(?:(?:\.[a-z0-9][a-z0-9-]*)+(?:\.\*)?|\.\*)$/u;
const CONTRACT = /^[a-z][a-z0-9-]*@[1-9][0-9]*$/u;

const SCOPE_CHECKS: Readonly<Record<Exclude<ScopeKind, 'none'>, (entry: string) => string | undefined>> = {
  urls: (entry) => {
    const pattern = parseUrlPattern(entry);
    return typeof pattern === 'string' ? pattern : undefined;
  },
  names: (entry) => (EVENT_NAME.test(entry) ? undefined : 'is not an event name such as race.finished'),
  plugins: (entry) => (isPluginId(entry) ? undefined : 'is not a plugin id such as kelompok/csv-import'),
  contracts: (entry) => (CONTRACT.test(entry) ? undefined : 'is not a contract such as communication@1'),
  recordTypes: (entry) => (isModuleWord(entry) ? undefined : 'is not a record type such as member'),
  modules: (entry) => (isModuleWord(entry) ? undefined : 'is not a module name'),
};

/**
 * Checks the parameters of one permission against the catalogue.
 * @returns a sentence for each fault, empty when it is sound
 */
export function checkPermissionParameters(permission: Permission): string[] {
  const kind = PERMISSION_CATALOGUE[permission.name];
  const faults: string[] = [];
  const scope = permission.scope ?? [];
  if (kind.scope === 'none') {
    if (permission.scope) faults.push(`${permission.name} takes no scope`);
  } else if (scope.length === 0) {
    faults.push(`${permission.name} needs a scope that lists what it is limited to`);
  } else {
    const check = SCOPE_CHECKS[kind.scope];
    for (const entry of scope) {
      const fault = check(entry);
      if (fault) faults.push(`the scope ${JSON.stringify(entry)} of ${permission.name} ${fault}`);
    }
  }
  if (permission.methods && permission.name !== 'http.fetch')
    faults.push(`${permission.name} takes no methods`);
  return faults;
}

/** The methods that `http.fetch` means when it names none. */
const DEFAULT_METHODS: readonly HttpMethod[] = HTTP_METHODS;

/** @returns whether everything that `narrow` allows, `wide` allows too. */
export function coversPermission(wide: Permission, narrow: Permission): boolean {
  if (wide.name !== narrow.name) return false;
  if (wide.name === 'http.fetch') {
    const allowed: readonly string[] = wide.methods ?? DEFAULT_METHODS;
    if ((narrow.methods ?? DEFAULT_METHODS).some((method) => !allowed.includes(method))) return false;
  }
  const wideScope = wide.scope ?? [];
  return (narrow.scope ?? []).every((entry) =>
    wideScope.some((outer) => coversEntry(wide.name, outer, entry)),
  );
}

function coversEntry(name: PermissionName, outer: string, entry: string): boolean {
  if (outer === entry) return true;
  const kind = PERMISSION_CATALOGUE[name].scope;
  if (kind === 'urls') {
    const [wide, narrow] = [parseUrlPattern(outer), parseUrlPattern(entry)];
    return typeof wide !== 'string' && typeof narrow !== 'string' && coversUrlPattern(wide, narrow);
  }
  // `race.*` covers `race.finished` and `race.match.*`.
  if (kind === 'names') return outer.endsWith('.*') && entry.startsWith(outer.slice(0, -1));
  return false;
}

/** The sentence an administrator reads for one requested permission. */
export function describePermission(permission: Permission): string {
  const methods =
    permission.name === 'http.fetch' ? ` (${(permission.methods ?? DEFAULT_METHODS).join(', ')})` : '';
  const scope = (permission.scope ?? []).map(nameOf).join(', ') + methods;
  // As a function: in a text `$&` and its like would stand for parts of the sentence.
  return PERMISSION_CATALOGUE[permission.name].sentence.replace('{scope}', () => scope);
}

/** A pattern that reaches everywhere says so in words. */
function nameOf(entry: string): string {
  return entry.startsWith('https://*/') ? `any address on the Internet (${entry})` : entry;
}

/**
 * What `next` asks for beyond `before`: each entry must be consented to before it counts.
 * @returns the permissions of `next` that no single one of `before` covers
 */
export function addedPermissions(before: readonly Permission[], next: readonly Permission[]): Permission[] {
  return next.filter((wanted) => !before.some((held) => coversPermission(held, wanted)));
}
