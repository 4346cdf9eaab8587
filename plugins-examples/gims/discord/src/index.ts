/** `communication@1` on a Discord server. */
import type { Host, Json, Plugin } from 'souk/sdk';
import { refused } from '../../platform-kit/errors.ts';
import { openDiscord } from './api.ts';
import { dropGroup, ensureGroup, requireGroup, type NewGroup } from './groups.ts';
import { giveRole, listWithRole, takeRole, type Person } from './members.ts';
import { piecesOf, postMessage, type Message } from './messages.ts';

type Of<Input> = { readonly group: string } & Input;

const communication = {
  async createGroup(input: Json, host: Host) {
    const discord = openDiscord(host);
    const { channel } = await ensureGroup(input as NewGroup, discord);
    return { group: channel, url: `https://discord.com/channels/${discord.guild}/${channel}` };
  },
  async deleteGroup(input: Json, host: Host) {
    const { group } = input as Of<object>;
    return { deleted: await dropGroup(group, openDiscord(host)) };
  },
  async addMember(input: Json, host: Host) {
    const { group, member } = input as Of<{ member: Person }>;
    const discord = openDiscord(host);
    return { added: await giveRole(await requireGroup(group, discord), member, discord) };
  },
  async removeMember(input: Json, host: Host) {
    const { group, member } = input as Of<{ member: Person }>;
    const discord = openDiscord(host);
    return { removed: await takeRole(await requireGroup(group, discord), member, discord) };
  },
  async listMembers(input: Json, host: Host) {
    const { group, cursor } = input as Of<{ cursor?: string }>;
    const discord = openDiscord(host);
    return listWithRole(await requireGroup(group, discord), cursor, discord);
  },
  async postMessage(input: Json, host: Host) {
    const { group, ...message } = input as Of<Message>;
    if (piecesOf(message).length === 0)
      throw refused('Discord takes no message without a visible character.');
    const discord = openDiscord(host);
    const { id, url } = await postMessage(await requireGroup(group, discord), message, discord);
    return { message: id, url };
  },
};

export default {
  contracts: { 'communication@1': communication },
  async health(host) {
    const discord = openDiscord(host);
    const [me, guild] = await Promise.all([
      discord.get<{ username: string }>('/users/@me'),
      discord.get<{ name: string }>(`/guilds/${discord.guild}`),
    ]);
    return { ok: true, message: `${me.username} is on ${guild.name}` };
  },
} satisfies Plugin;
