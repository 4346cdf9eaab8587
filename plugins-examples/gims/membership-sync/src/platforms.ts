/** The platforms of the organization, asked through `communication@1`. */
import type { Host, Json } from 'souk/sdk';

const CONTRACT = 'communication@1';

export type Person = { readonly id: string; readonly name?: string };
export type Failure = { readonly platform: string; readonly message: string };

/** The group on each platform that made it, or that has had it. */
export type Made = { readonly groups: Record<string, string>; readonly failures: readonly Failure[] };

/**
 * Makes the group on each platform, or finds it.
 * @param platforms plugins; all that answer the contract where empty
 */
export async function ensureGroups(host: Host, platforms: readonly string[], input: Json): Promise<Made> {
  return platforms.length === 0 ? ensureOnAll(host, input) : ensureOnEach(host, platforms, input);
}

async function ensureOnAll({ contracts }: Host, input: Json): Promise<Made> {
  const { results, failures } = await contracts.call(CONTRACT, 'createGroup', input, { mode: 'all' });
  const groups = results.map(({ plugin, output }) => [plugin, groupOf(output)] as const);
  return {
    groups: Object.fromEntries(groups),
    failures: failures.map(({ plugin, message }) => ({ platform: plugin, message })),
  };
}

async function ensureOnEach(host: Host, platforms: readonly string[], input: Json): Promise<Made> {
  const groups: Record<string, string> = {};
  const failures: Failure[] = [];
  for (const platform of platforms) {
    try {
      groups[platform] = groupOf(await ask(host, platform, 'createGroup', input));
    } catch (error) {
      failures.push({ platform, message: (error as Error).message });
    }
  }
  return { groups, failures };
}

const groupOf = (output: Json): string => (output as { group: string }).group;

export function ask({ contracts }: Host, plugin: string, action: string, input: Json): Promise<Json> {
  return contracts.call(CONTRACT, action, input, { plugin });
}

export async function listMembers(host: Host, platform: string, group: string): Promise<Person[]> {
  const found: Person[] = [];
  for (let cursor = ''; ;) {
    const input = { group, ...(cursor === '' ? {} : { cursor }) };
    const page = (await ask(host, platform, 'listMembers', input)) as {
      members: Person[];
      nextCursor?: string;
    };
    found.push(...page.members);
    if (page.nextCursor === undefined) return found;
    cursor = page.nextCursor;
  }
}
