import { isPluginId, splitPluginId, type PluginId } from '../spec/plugin-id.ts';
import { Refusal } from '../spec/refusal.ts';

/** @throws Refusal `plugin_id_invalid`, before a word of it becomes part of an address */
export function requirePluginId(text: string): PluginId {
  if (isPluginId(text)) return text;
  throw new Refusal('plugin_id_invalid', { detail: `${JSON.stringify(text)} is not a plugin id.` });
}

/** Path of an organization in the server's API. */
export function orgPath(org: string): string {
  return `/api/v1/orgs/${encodeURIComponent(org)}`;
}

/** Path of one installation in the server's API. */
export function installationPath(org: string, plugin: string): string {
  return `${orgPath(org)}/plugins/${requirePluginId(plugin)}`;
}

/** Path of a plugin in the catalogue. */
export function packagePath(plugin: string): string {
  return `/api/v1/packages/${requirePluginId(plugin)}`;
}

/**
 * Path of one version in the catalogue.
 * @param release publisher/name@version
 * @throws Refusal `release_invalid`
 */
export function versionPath(release: string): string {
  const [id = '', version = '', ...rest] = release.split('@');
  if (!isPluginId(id) || version === '' || rest.length > 0)
    throw new Refusal('release_invalid', { detail: `${JSON.stringify(release)} is not a release.` });
  const { publisher, name } = splitPluginId(id);
  return `/api/v1/packages/${publisher}/${name}/versions/${encodeURIComponent(version)}`;
}
