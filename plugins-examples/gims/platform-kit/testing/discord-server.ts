/**
 * One Discord server ("guild") behind Discord's REST API, version 10. Each answer follows the page that is named beside
 * it, below discord.com/developers/docs.
 */
import { startLocalServer, type Asked, type LocalServer, type Reply } from './local-server.ts';

export const GUILD = '100000000000000001';
export const CATEGORY = '100000000000000002';
const BOT = '100000000000000003';

type Overwrite = { id: string; type: number; allow: string; deny: string };
type Role = { id: string; name: string; permissions: string; managed: boolean };
type Channel = {
  id: string;
  guild_id: string;
  type: number;
  name: string;
  topic: string;
  parent_id: string | null;
  permission_overwrites: Overwrite[];
};
type Member = { user: { id: string; username: string }; nick: null; roles: string[] };

export type DiscordServer = LocalServer & {
  readonly roles: Map<string, Role>;
  readonly channels: Map<string, Channel>;
  readonly members: Map<string, Member>;
  readonly messages: { channel: string; content: string; allowed_mentions: unknown }[];
  /** @returns the id of the new member */
  join(username: string): string;
};

type State = Omit<DiscordServer, keyof LocalServer | 'join'> & { nextId: () => string };
type Handler = (ids: string[], asked: Asked, state: State) => Reply;

/** @param token what the bot is called by, after the word `Bot` */
export async function startDiscord(token: string): Promise<DiscordServer> {
  let last = 200_000_000_000_000_000n;
  const state: State = {
    roles: new Map([[GUILD, { id: GUILD, name: '@everyone', permissions: '1024', managed: false }]]),
    channels: new Map(),
    members: new Map(),
    messages: [],
    nextId: () => String(++last),
  };
  const server = await startLocalServer((asked) => {
    // Reference, "Authentication": `Authorization: Bot TOKEN`; an unknown one is 401 with the code 0.
    if (asked.authorization !== `Bot ${token}`) return failure(401, 0, '401: Unauthorized');
    for (const [method, path, handle] of ROUTES) {
      const ids = method === asked.method && path.exec(asked.path)?.slice(1);
      if (ids) return handle(ids, asked, state);
    }
    return failure(404, 0, '404: Not Found');
  });
  return {
    ...server,
    ...state,
    join: (username) => {
      const id = state.nextId();
      state.members.set(id, { user: { id, username }, nick: null, roles: [] });
      return id;
    },
  };
}

/** Reference, "Error Messages": code and message, with the codes of Opcodes and Status Codes, "JSON Error Codes". */
const failure = (status: number, code: number, message: string): Reply => ({
  status,
  body: { code, message },
});
const unknownChannel = failure(404, 10_003, 'Unknown Channel');
const unknownMember = failure(404, 10_007, 'Unknown Member');
const unknownRole = failure(404, 10_011, 'Unknown Role');
const done: Reply = { status: 204 };

/** Topics, "Rate Limits": 429 with `retry_after` in seconds and `global`, and the headers of the limit. */
export function rateLimited(seconds: number, scope: 'user' | 'global' = 'user'): Reply {
  return {
    status: 429,
    body: { message: 'You are being rate limited.', retry_after: seconds, global: scope === 'global' },
    headers: {
      'retry-after': String(Math.ceil(seconds)),
      'x-ratelimit-scope': scope,
      ...(scope === 'global' ? { 'x-ratelimit-global': 'true' } : {}),
    },
  };
}

const ROUTES: readonly (readonly [string, RegExp, Handler])[] = [
  ['GET', /^\/users\/@me$/u, () => ({ status: 200, body: { id: BOT, username: 'gims-bot' } })],
  // Resources, Guild.
  ['GET', /^\/guilds\/(\d+)$/u, () => ({ status: 200, body: { id: GUILD, name: 'The university' } })],
  [
    'GET',
    /^\/guilds\/(\d+)\/roles$/u,
    (_ids, _asked, { roles }) => ({ status: 200, body: [...roles.values()] }),
  ],
  ['POST', /^\/guilds\/(\d+)\/roles$/u, (_ids, asked, state) => makeRole(asked, state)],
  ['DELETE', /^\/guilds\/(\d+)\/roles\/(\d+)$/u, ([, role = ''], _asked, state) => dropRole(role, state)],
  [
    'GET',
    /^\/guilds\/(\d+)\/channels$/u,
    (_ids, _asked, { channels }) => ({ status: 200, body: [...channels.values()] }),
  ],
  ['POST', /^\/guilds\/(\d+)\/channels$/u, (_ids, asked, state) => makeChannel(asked, state)],
  ['GET', /^\/guilds\/(\d+)\/members$/u, (_ids, { query }, { members }) => listMembers(query, members)],
  [
    'GET',
    /^\/guilds\/(\d+)\/members\/search$/u,
    (_ids, { query }, { members }) => findMembers(query, members),
  ],
  [
    'GET',
    /^\/guilds\/(\d+)\/members\/(\d+)$/u,
    ([, id = ''], _asked, { members }) =>
      members.has(id) ? { status: 200, body: members.get(id) } : unknownMember,
  ],
  [
    'PUT',
    /^\/guilds\/(\d+)\/members\/(\d+)\/roles\/(\d+)$/u,
    ([, member = '', role = ''], _asked, state) => {
      const roles = state.members.get(member)?.roles;
      if (!roles) return unknownMember;
      if (!state.roles.has(role)) return unknownRole;
      if (!roles.includes(role)) roles.push(role);
      return done;
    },
  ],
  [
    'DELETE',
    /^\/guilds\/(\d+)\/members\/(\d+)\/roles\/(\d+)$/u,
    ([, id = '', role], _asked, { members }) => {
      const member = members.get(id);
      if (!member) return unknownMember;
      member.roles = member.roles.filter((each) => each !== role);
      return done;
    },
  ],
  // Resources, Channel.
  [
    'GET',
    /^\/channels\/(\d+)$/u,
    ([id = ''], _asked, { channels }) =>
      channels.has(id) ? { status: 200, body: channels.get(id) } : unknownChannel,
  ],
  [
    'DELETE',
    /^\/channels\/(\d+)$/u,
    ([id = ''], _asked, { channels }) => {
      const body = channels.get(id);
      return channels.delete(id) ? { status: 200, body } : unknownChannel;
    },
  ],
  ['POST', /^\/channels\/(\d+)\/messages$/u, ([id = ''], asked, state) => makeMessage(id, asked, state)],
];

/** "Create Guild Role": 200 with the role; names are trimmed and have at most 100 characters. */
function makeRole({ body }: Asked, { roles, nextId }: State): Reply {
  const name = String(body.name ?? 'new role').trim();
  if (name.length > 100) return failure(400, 50_035, 'Invalid Form Body');
  const role = { id: nextId(), name, permissions: String(body.permissions), managed: false };
  roles.set(role.id, role);
  return { status: 200, body: role };
}

/** "Delete Guild Role": 204, and nobody has it any more. */
function dropRole(id: string, { roles, members }: State): Reply {
  if (!roles.delete(id)) return unknownRole;
  for (const member of members.values()) member.roles = member.roles.filter((role) => role !== id);
  return done;
}

/** "Create Guild Channel": 201 with the channel; a parent that is no category of the server is a form error. */
function makeChannel({ body }: Asked, { channels, nextId }: State): Reply {
  if (body.parent_id !== CATEGORY) return failure(400, 50_035, 'Invalid Form Body');
  const channel = { ...(body as Channel), id: nextId(), guild_id: GUILD };
  channels.set(channel.id, channel);
  return { status: 201, body: channel };
}

/** "List Guild Members": in the order of their ids, those after `after`, at most `limit`, which is 1 by itself. */
function listMembers(query: URLSearchParams, members: Map<string, Member>): Reply {
  const after = BigInt(query.get('after') ?? 0);
  const rest = [...members.values()].filter(({ user }) => BigInt(user.id) > after);
  return { status: 200, body: rest.slice(0, Number(query.get('limit') ?? 1)) };
}

/** "Search Guild Members": those whose user name or nickname starts with the query. */
function findMembers(query: URLSearchParams, members: Map<string, Member>): Reply {
  const start = query.get('query') ?? '';
  const found = [...members.values()].filter(({ user }) => user.username.startsWith(start));
  return { status: 200, body: found.slice(0, Number(query.get('limit') ?? 1)) };
}

/** Resources, Message, "Create Message": content of 1 to 2,000 characters. */
function makeMessage(channel: string, { body }: Asked, { channels, messages, nextId }: State): Reply {
  if (!channels.has(channel)) return unknownChannel;
  const content = String(body.content ?? '');
  if (content.trim() === '') return failure(400, 50_006, 'Cannot send an empty message');
  if (content.length > 2_000) return failure(400, 50_035, 'Invalid Form Body');
  messages.push({ channel, content, allowed_mentions: body.allowed_mentions });
  return { status: 200, body: { id: nextId(), channel_id: channel, content } };
}
