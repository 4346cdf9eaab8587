/** The commands that other plugins of the organization offer by `cli-command-provider@1`. */
import type { Host, Json } from 'souk/sdk';
import { callDiscord } from './rest.ts';
import { settingsOf } from './settings.ts';
import { Problem } from '../../core-kit/problem.ts';

const CONTRACT = 'cli-command-provider@1';

export type OfferedCommand = { readonly plugin: string; readonly name: string; readonly title: string };
type Listed = { commands: { name: string; title?: string }[] };

/** One plugin for each name: where two offer it, the first by its id. */
export async function listCommands(host: Host): Promise<OfferedCommand[]> {
  const found = new Map<string, OfferedCommand>();
  for (const { plugin, output } of (await askAll(host)).toSorted((one, other) =>
    one.plugin < other.plugin ? -1 : 1,
  )) {
    for (const { name, title } of (output as Listed).commands) {
      const first = found.get(name);
      if (first) host.log.warn(`${first.plugin} and ${plugin} both offer /${name}; the first one answers`);
      else found.set(name, { plugin, name, title: title || name });
    }
  }
  return [...found.values()];
}

async function askAll(host: Host): Promise<{ plugin: string; output: Json }[]> {
  try {
    const { results, failures } = await host.contracts.call(CONTRACT, 'listCommands', {}, { mode: 'all' });
    for (const { plugin, message } of failures) host.log.warn(`${plugin} lists no commands: ${message}`);
    return results;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'contract_unbound') return [];
    throw error;
  }
}

/** @returns what the plugin says, line by line */
export async function runCommand(name: string, words: readonly string[], host: Host): Promise<string[]> {
  const offered = (await listCommands(host)).find((each) => each.name === name);
  if (!offered) throw new Problem(404, 'command_unknown', `No plugin answers /${name} here.`);
  const output = await host.contracts.call(
    CONTRACT,
    'runCommand',
    { name, words },
    { plugin: offered.plugin },
  );
  return (output as unknown as { lines: string[] }).lines;
}

/**
 * "Application Commands", "Bulk Overwrite Guild Application Commands": the server then shows these and no others. Each takes its
 * words as one option of type 3, STRING.
 */
export async function registerCommands(guild: string, host: Host): Promise<OfferedCommand[]> {
  const { applicationId } = settingsOf(host);
  if (!applicationId)
    throw new Problem(503, 'application_missing', 'Enter "applicationId" in the configuration.');
  const commands = await listCommands(host);
  const option = { type: 3, name: 'words', description: 'What the command takes', required: false };
  const bodies = commands.map(({ name, title }) => ({
    name,
    type: 1,
    description: title.slice(0, 100),
    options: [option],
  }));
  await callDiscord('PUT', `/applications/${applicationId}/guilds/${guild}/commands`, bodies, host);
  return commands;
}
