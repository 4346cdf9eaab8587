/**
 * Names of events. A plugin declares `race.finished`; its full name, which no other plugin has, is
 * `sahabot.racetime.race.finished` for the plugin `sahabot/racetime`. A subscription names either, or a pattern such as
 * `race.*`. Names below RESERVED_PREFIXES are Souk's own, so that no plugin can pass off its words for them.
 */
import type { PluginId } from './plugin-id.ts';

/** What Souk itself tells, with `core` as the emitter. */
export const CORE_EVENTS = {
  'installation.created': 'A plugin was installed.',
  'installation.updated': 'Version, grants or configuration of an installation changed.',
  'installation.deleted': 'A plugin was uninstalled.',
  'installation.activated': 'A plugin is active now.',
  'installation.deactivated': 'A plugin is not active any more.',
  'installation.failed': 'A plugin could not be activated.',
  'organization.created': 'There is a new record of an organization.',
  'organization.updated': 'Values of such a record changed.',
  'organization.deleted': 'Such a record was erased.',
  'member.created': 'There is a new record of a member.',
  'member.updated': 'Values of such a record changed.',
  'member.deleted': 'Such a record was erased.',
  'post.created': 'There is a new record of a post.',
  'post.updated': 'Values of such a record changed.',
  'post.deleted': 'Such a record was erased.',
  'event.created': 'There is a new record of an event.',
  'event.updated': 'Values of such a record changed.',
  'event.deleted': 'Such a record was erased.',
  'import.completed': 'All rows of an import were decided.',
  'import.failed': 'An import was cut off; what it had changed before stays.',
} as const;

/** Names below these are not for plugins to emit. */
export const RESERVED_PREFIXES = [
  'souk.',
  'installation.',
  'organization.',
  'member.',
  'post.',
  'event.',
  'invitations.',
  'record.',
  'import.',
  'job.',
] as const;

/** Below these, as with CORE_EVENTS, are facts that Souk alone knows: people do not emit them either. */
const FACT_PREFIXES = ['souk.', 'installation.', 'record.', 'import.', 'job.'] as const;

const EVENT_NAME = /^[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+$/u;
const NAME_CHARS_MAX = 120;

export function isEventName(text: string): boolean {
  return text.length <= NAME_CHARS_MAX && EVENT_NAME.test(text);
}

/** @returns whether a plugin may not declare this name */
export function isReservedForSouk(name: string): boolean {
  return RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** @returns whether not even an administrator may emit this name */
export function isFactOfSouk(name: string): boolean {
  return Object.hasOwn(CORE_EVENTS, name) || FACT_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** @returns whether it could be taken for the full name of an event of another plugin: publisher, plugin, two parts or more */
export function isReadAsFullName(name: string): boolean {
  return name.split('.').length > 3;
}

/** @returns the name that no event of another plugin has */
export function fullEventName(plugin: PluginId, name: string): string {
  return `${plugin.replace('/', '.')}.${name}`;
}

/** @returns every name under which an event can be subscribed to */
export function namesOfEvent(emitter: PluginId | 'core', name: string): readonly string[] {
  return emitter === 'core' ? [name] : [name, fullEventName(emitter, name)];
}

/** @param pattern a name, or one that ends with `.*` and stands for all below it */
export function fitsPattern(pattern: string, name: string): boolean {
  return pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1)));
}
