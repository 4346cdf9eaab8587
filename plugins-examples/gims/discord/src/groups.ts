/**
 * A group is a role and a text channel that the role may see, below the configured category. Its id is the channel's.
 * The role is found through the channel, so that nothing has to be remembered: among the roles that may see it, it is
 * the one without permissions of its own. A role that can do more is never given to anybody.
 */
import { groupNotFound, messageOf, PlatformError, refused } from '../../platform-kit/errors.ts';
import type { Discord } from './api.ts';

type Overwrite = { id: string; type: number; allow: string; deny: string };
type Channel = {
  id: string;
  type: number;
  guild_id: string;
  parent_id: string | null;
  name: string;
  permission_overwrites: Overwrite[];
};
type Role = { id: string; name: string; permissions: string; managed: boolean };

export type Group = { readonly channel: string; readonly role: string };
export type NewGroup = {
  readonly name: string;
  readonly description?: string;
  readonly visibility?: 'public' | 'private';
};

/** "Channel Types": GUILD_TEXT. "Overwrite Object": type 0 is a role, 1 a member. */
const TEXT_CHANNEL = 0;
const OF_ROLE = 0;
const OF_MEMBER = 1;
/** "Bitwise Permission Flags". */
const VIEW_CHANNEL = 1n << 10n;
const SEND_MESSAGES = 1n << 11n;
/** Role and channel names have 1 to 100 characters, topics at most 1,024. */
const NAME_CHARS_MAX = 100;
const TOPIC_CHARS_MAX = 1_024;
const SNOWFLAKE = /^\d{17,20}$/u;

export const isSnowflake = (text: string): boolean => SNOWFLAKE.test(text);

/** @returns the group of this name, made where there is none */
export async function ensureGroup(asked: NewGroup, discord: Discord): Promise<Group> {
  // Discord leaves out white space at the ends; with it the name would never be found again.
  const wanted = { ...asked, name: asked.name.trim() };
  if (wanted.name === '' || wanted.name.length > NAME_CHARS_MAX)
    throw refused(`Discord takes names of 1 to ${NAME_CHARS_MAX} characters.`);
  const [channels, roles] = await Promise.all([readChannels(discord), readRoles(discord)]);
  for (const channel of channels) {
    const role = roles.find((each) => each.name === wanted.name && givesOnly(channel, each, discord));
    if (role) return { channel: channel.id, role: role.id };
  }
  return makeGroup(wanted, discord);
}

async function makeGroup(wanted: NewGroup, discord: Discord): Promise<Group> {
  const me = await discord.get<{ id: string }>('/users/@me');
  const role = await discord.post<Role>(`/guilds/${discord.guild}/roles`, {
    name: wanted.name,
    permissions: '0',
    mentionable: false,
  });
  try {
    const channel = await makeChannel(wanted, { role: role.id, me: me.id }, discord);
    return { channel: channel.id, role: role.id };
  } catch (error) {
    await dropRole(role.id, discord);
    throw error;
  }
}

function makeChannel(
  { name, description = '', visibility = 'private' }: NewGroup,
  { role, me }: { role: string; me: string },
  { guild, category, post }: Discord,
): Promise<Channel> {
  const sees = (VIEW_CHANNEL | SEND_MESSAGES).toString();
  // The role for everyone has the id of the server.
  const everyone = { id: guild, type: OF_ROLE, allow: '0', deny: VIEW_CHANNEL.toString() };
  return post<Channel>(`/guilds/${guild}/channels`, {
    name: channelName(name),
    type: TEXT_CHANNEL,
    topic: description.slice(0, TOPIC_CHARS_MAX),
    parent_id: category,
    permission_overwrites: [
      ...(visibility === 'private' ? [everyone] : []),
      { id: role, type: OF_ROLE, allow: sees, deny: '0' },
      // Without it the bot would not see the private channel that it has made.
      { id: me, type: OF_MEMBER, allow: sees, deny: '0' },
    ],
  });
}

/** Text channels are named in small letters, with dashes for spaces. */
function channelName(name: string): string {
  const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['group'];
  return words.join('-').slice(0, NAME_CHARS_MAX);
}

/** A role without its channel gives nothing and is found by nobody; an administrator can remove one that stays. */
async function dropRole(role: string, discord: Discord): Promise<void> {
  try {
    await discord.delete(`/guilds/${discord.guild}/roles/${role}`);
  } catch (error) {
    discord.log.warn(`the role ${role} has no channel any more and stayed:`, messageOf(error));
  }
}

/** @throws PlatformError `group_not_found` for whatever is no group of this plugin, other channels included */
export async function requireGroup(id: string, discord: Discord): Promise<Group> {
  if (!isSnowflake(id)) throw groupNotFound('The id of a group on Discord is a number of 17 to 20 digits.');
  const [channel, roles] = await Promise.all([discord.get<Channel>(`/channels/${id}`), readRoles(discord)]);
  if (!isOfCategory(channel, discord))
    throw groupNotFound('The channel is not below the category that the organization has configured.');
  const fitting = roles.filter((role) => givesOnly(channel, role, discord));
  const [role, another] = fitting;
  if (!role)
    throw groupNotFound('The channel has no role of this plugin, or one that was given permissions since.');
  if (another)
    throw refused(`The channel is for several roles: ${fitting.map(({ name }) => name).join(', ')}.`);
  return { channel: channel.id, role: role.id };
}

/** @returns whether there was something to delete */
export async function dropGroup(id: string, discord: Discord): Promise<'now' | 'before'> {
  if (isSnowflake(id) && !(await findChannel(id, discord))) return 'before';
  const { channel, role } = await requireGroup(id, discord);
  await discord.delete(`/channels/${channel}`);
  await dropRole(role, discord);
  return 'now';
}

async function findChannel(id: string, discord: Discord): Promise<Channel | undefined> {
  try {
    return await discord.get<Channel>(`/channels/${id}`);
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'group_not_found') return undefined;
    throw error;
  }
}

async function readChannels(discord: Discord): Promise<Channel[]> {
  const channels = await discord.get<Channel[]>(`/guilds/${discord.guild}/channels`);
  return channels.filter((channel) => isOfCategory(channel, discord));
}

const readRoles = (discord: Discord): Promise<Role[]> =>
  discord.get<Role[]>(`/guilds/${discord.guild}/roles`);

function isOfCategory({ type, guild_id, parent_id }: Channel, { guild, category }: Discord): boolean {
  return type === TEXT_CHANNEL && guild_id === guild && parent_id === category;
}

/** The role sees the channel, and can do nothing else by itself. */
function givesOnly({ permission_overwrites }: Channel, role: Role, { guild }: Discord): boolean {
  if (role.id === guild || role.managed || role.permissions !== '0') return false;
  return permission_overwrites.some(
    ({ id, type, allow }) => id === role.id && type === OF_ROLE && (BigInt(allow) & VIEW_CHANNEL) !== 0n,
  );
}
