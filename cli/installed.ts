/** Installed plugins as a command line names them: by their id, or by their name alone where one of them has it. */
import type { PluginId } from '../spec/plugin-id.ts';
import { Refusal } from '../spec/refusal.ts';
import { openClient, type ApiClient } from './api-client.ts';
import { requireOrg, type ServerOptions } from './credentials.ts';
import type { Io } from './io.ts';
import { installationPath, orgPath, requirePluginId } from './plugin-path.ts';

/** What the verbs say of such an argument. */
export const INSTALLED_PLUGIN = 'publisher/name, or the name alone where one installed plugin has it';

export type Installed = {
  readonly client: ApiClient;
  /** The organization's slug. */
  readonly org: string;
  readonly plugin: PluginId;
  /** In the server's API. */
  readonly path: string;
};

/**
 * Opens the client, and finds the plugin where only its name is given. A whole id is taken as it is: what was
 * uninstalled has a history still.
 *
 * @throws Refusal `org_not_named`, or as `findInstalled`
 */
export async function openInstalled(io: Io, options: ServerOptions, named: string): Promise<Installed> {
  const org = requireOrg(io, options);
  const client = await openClient(io, options);
  const plugin = await findInstalled(client, org, named);
  return { client, org, plugin, path: installationPath(org, plugin) };
}

/** @throws Refusal `plugin_id_invalid` for what several have, or is no id; `plugin_not_installed` for what none has */
export async function findInstalled(client: ApiClient, org: string, named: string): Promise<PluginId> {
  if (named.includes('/')) return requirePluginId(named);
  const { items } = await client.list<{ plugin: PluginId }>(`${orgPath(org)}/installations`);
  const [found, another] = items.map(({ plugin }) => plugin).filter((id) => id.split('/')[1] === named);
  if (found === undefined)
    throw new Refusal('plugin_not_installed', {
      detail: `No plugin of the name ${JSON.stringify(named)} is installed.`,
      hint: 'souk plugin list shows what is; publisher/name also names what was uninstalled.',
    });
  if (another !== undefined)
    throw new Refusal('plugin_id_invalid', {
      detail: `${found} and ${another} are both installed.`,
      hint: 'Name it as publisher/name.',
    });
  return found;
}
