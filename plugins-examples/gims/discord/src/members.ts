/** People of the server, and who of them has the role of a group. */
import { memberNotFound, PlatformError } from '../../platform-kit/errors.ts';
import type { Discord } from './api.ts';
import { isSnowflake, type Group } from './groups.ts';

type Member = { user: { id: string; username: string }; nick?: string | null; roles: string[] };
export type Person = { readonly id: string; readonly name?: string };

/** "List Guild Members" gives up to 1,000, which do not fit into one answer of 512 KiB; so many, of 2 KiB each, do. */
const PAGE = 250;
/** Members that a search by the beginning of a name may find. */
const FOUND_MAX = 100;

/** @param id a user's id, or the user name: "Search Guild Members" finds names that begin with it */
async function requireMember(id: string, { guild, get }: Discord): Promise<Member> {
  if (isSnowflake(id)) return get<Member>(`/guilds/${guild}/members/${id}`);
  const name = id.replace(/^@/u, '').toLowerCase();
  const search = new URLSearchParams({ query: name, limit: String(FOUND_MAX) });
  const found = await get<Member[]>(`/guilds/${guild}/members/search?${search}`);
  const member = found.find(({ user }) => user.username.toLowerCase() === name);
  if (!member) throw memberNotFound(`Nobody on the Discord server has the user name ${name.slice(0, 40)}.`);
  return member;
}

export async function giveRole({ role }: Group, { id }: Person, discord: Discord): Promise<'now' | 'before'> {
  const { user, roles } = await requireMember(id, discord);
  if (roles.includes(role)) return 'before';
  await discord.put(`/guilds/${discord.guild}/members/${user.id}/roles/${role}`);
  return 'now';
}

/** Who has left the server has no role any more. */
export async function takeRole({ role }: Group, { id }: Person, discord: Discord): Promise<'now' | 'before'> {
  const member = await requireMember(id, discord).catch((error: unknown) => {
    if (error instanceof PlatformError && error.code === 'member_not_found') return null;
    throw error;
  });
  if (!member?.roles.includes(role)) return 'before';
  await discord.delete(`/guilds/${discord.guild}/members/${member.user.id}/roles/${role}`);
  return 'now';
}

/** One page of the server's members, with those of them that are in the group: some pages have none. */
export async function listWithRole(
  { role }: Group,
  cursor: string | undefined,
  { guild, get }: Discord,
): Promise<{ members: Person[]; nextCursor?: string }> {
  const after = cursor !== undefined && isSnowflake(cursor) ? { after: cursor } : {};
  const page = new URLSearchParams({ limit: String(PAGE), ...after });
  const members = await get<Member[]>(`/guilds/${guild}/members?${page}`);
  const last = members.length === PAGE ? members.at(-1)?.user.id : undefined;
  return {
    members: members
      .filter(({ roles }) => roles.includes(role))
      .map(({ user }) => ({ id: user.id, name: user.username })),
    ...(last === undefined ? {} : { nextCursor: last }),
  };
}
