/** The commands of an organization: what active plugins declare, by plugin or by a bare name that is one's alone. */
import type { Database } from '../../database/index.ts';
import type { Access, Command } from '../../spec/manifest.ts';
import { nearestName } from '../../spec/nearest-name.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';

/** A command of one plugin that is active. */
export type OfferedCommand = {
  readonly plugin: PluginId;
  readonly command: Command;
  readonly access: Access;
};

export type CommandCatalogue = {
  /** By plugin and name. */
  list(orgId: string): Promise<OfferedCommand[]>;
  /** @throws Refusal `command_unknown`, with the nearest name */
  find(orgId: string, plugin: PluginId, name: string): Promise<OfferedCommand>;
  /** @throws Refusal `command_unknown`, `command_ambiguous` with all who have one of this name */
  findBare(orgId: string, name: string): Promise<OfferedCommand>;
};

/** The version that serves counts: while the next one is being activated, that is the snapshot before it. */
const SQL = `select installation.plugin_id as plugin, each.command
  from installation left join installation_snapshot kept on kept.id = installation.serving_snapshot_id
    cross join lateral jsonb_array_elements(
      coalesce(kept.manifest, installation.manifest) -> 'contributes' -> 'commands') as each (command)
  where installation.org_id = ? and (installation.state = 'active' or kept.id is not null)
  order by installation.plugin_id, each.command ->> 'name'`;

export function openCommandCatalogue(database: Database): CommandCatalogue {
  const list = async (orgId: string): Promise<OfferedCommand[]> => {
    const rows = await database.transaction({ kind: 'org', orgId }, ({ em }) =>
      em.execute<{ plugin: PluginId; command: Command }[]>(SQL, [orgId]),
    );
    return rows.map(({ plugin, command }) => ({ plugin, command, access: command.access ?? 'member' }));
  };
  return {
    list,
    find: async (orgId, plugin, name) => {
      const offered = (await list(orgId)).filter((each) => each.plugin === plugin);
      const found = offered.find(({ command }) => command.name === name);
      if (found) return found;
      throw unknownCommand(`${plugin} offers no command`, name, offered);
    },
    findBare: async (orgId, name) => {
      const offered = await list(orgId);
      const [found, another] = offered.filter(({ command }) => command.name === name);
      if (!found) throw unknownCommand('No active plugin offers a command', name, offered);
      if (!another) return found;
      const plugins = offered.filter(({ command }) => command.name === name).map(({ plugin }) => plugin);
      throw new Refusal('command_ambiguous', {
        detail: `${plugins.join(' and ')} have a command ${name} each.`,
        extensions: { plugins },
      });
    },
  };
}

function unknownCommand(who: string, name: string, offered: readonly OfferedCommand[]): Refusal {
  const nearest = nearestName(
    name,
    offered.map(({ command }) => command.name),
  );
  return new Refusal('command_unknown', {
    detail: `${who} ${JSON.stringify(name.slice(0, 80))} here.`,
    ...(nearest ? { hint: `Did you mean ${nearest}?` } : {}),
  });
}
