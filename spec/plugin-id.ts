/**
 * Names of publishers, plugins and organizations, and the identity `publisher/name`.
 *
 * A name is lower-case ASCII letters, digits and single inner hyphens, and starts with a letter, so that it is
 * one URL path segment, one folder name on every file system and one DNS label (RFC 1035, section 2.3.1).
 */

/** Longest publisher or organization name, in characters; a DNS label may have 63. */
export const NAMESPACE_CHARS_MAX = 39;
/** Longest plugin name, in characters. */
export const PLUGIN_NAME_CHARS_MAX = 63;

const NAME = '[a-z][a-z0-9]*(?:-[a-z0-9]+)*';
const NAME_PATTERN = new RegExp(`^${NAME}$`, 'u');

/** Names that would read as Souk's own, or as a route of the server. */
export const RESERVED_NAMESPACES: ReadonlySet<string> = new Set([
  'souk',
  'core',
  'admin',
  'api',
  'system',
  'instance',
  'global',
  'internal',
]);

export type PluginId = `${string}/${string}`;

/** @returns whether `text` may name a publisher or an organization (reserved names included). */
export function isNamespace(text: string): boolean {
  return text.length <= NAMESPACE_CHARS_MAX && NAME_PATTERN.test(text);
}

/** @returns whether `text` is a whole plugin id such as `kelompok/csv-import`. */
export function isPluginId(text: string): text is PluginId {
  const slash = text.indexOf('/');
  if (slash < 1) return false;
  const name = text.slice(slash + 1);
  return isNamespace(text.slice(0, slash)) && name.length <= PLUGIN_NAME_CHARS_MAX && NAME_PATTERN.test(name);
}

/** Splits a checked plugin id into its two names. */
export function splitPluginId(id: PluginId): { publisher: string; name: string } {
  const slash = id.indexOf('/');
  return { publisher: id.slice(0, slash), name: id.slice(slash + 1) };
}
