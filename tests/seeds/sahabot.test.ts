/**
 * SahaBot2's core plugins, told with its own document: one Discord bot of the instance, and two communities that choose
 * differently. Commands typed at Discord, matches that become events, notifications, race rooms and scores; nothing is shared.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { adaptExample, fetchingFrom } from '../support/example-package.ts';
import type { Answer } from '../support/http-client.ts';
import { startPlatforms, TestBingosync, TestDiscord, TestRacetime } from '../support/sahabot-platforms.ts';
import { consentTo, TestOrg } from '../support/test-org.ts';
import { startSoukOn, testDatabase, type TestSouk } from '../support/test-souk.ts';

const BOT = 'sahabot/discord-bot';
const TRACKER = 'sahabot/custom-tracker';
const [ZELDA_GUILD, METROID_GUILD] = ['290408290411937792', '333333333333333333'];
const [ADA, GRACE] = ['80351110224678912', '80351110224678913'];

type Plugin = `sahabot/${string}`;

const discord = new TestDiscord({ [ZELDA_GUILD]: [ADA, GRACE], [METROID_GUILD]: [GRACE] });
const racetime = new TestRacetime({ ada: 12, grace: 3 });
const bingosync = new TestBingosync();
let episodes: unknown = [];
let zelda: TestOrg;
let metroid: TestOrg;
let instance: TestOrg;
let souk: Omit<TestSouk, 'superuser' | 'databaseUrl'>;

beforeAll(async () => {
  const platforms = await startPlatforms({
    discord: discord.platform,
    racetime: racetime.platform,
    bingosync: bingosync.platform,
    speedgaming: ({ path }) =>
      path.startsWith('/api/schedule/?event=alttpr&') ? { json: episodes } : { json: { error: 'x' } },
  });
  souk = await startSoukOn((await testDatabase()).url, { environment: { SOUK_EGRESS_ALLOW: '127.0.0.0/8' } });
  zelda = await souk.org('zelda');
  instance = new TestOrg('instance', '', souk.admin, souk.anyone);
  const sahabot = await souk.publisher('sahabot', zelda);
  for (const id of [BOT, 'sahabot/racetime', 'sahabot/speedgaming', 'sahabot/bingosync'])
    await sahabot.shipArchive(
      await adaptExample(id, fetchingFrom(`${platforms.url}/*`, `${souk.anyone.url}/orgs/*`)),
    );
  await sahabot.shipExamples(
    'sahabot/presets',
    'sahabot/alttpr',
    'sahabot/sm',
    'sahabot/notifications',
    'sahabot/discord-events',
    'sahabot/racer-verification',
    'sahabot/tournament',
    'sahabot/async-qualifier',
  );
  await sahabot.ship({ id: TRACKER, availability: { visibility: 'private' } });
  await decide(BOT, { scope: 'global' });
  await decide('sahabot/presets', { enabledByDefault: true });
  await decide('sahabot/tournament', { builtIn: true, enabledByDefault: true });
  await decide(TRACKER, { visibility: 'private' });
  await installBot(`${platforms.url}/discord`);
  metroid = await souk.org('metroid');
  for (const name of [
    'alttpr',
    'notifications',
    'racetime',
    'speedgaming',
    'discord-events',
    'racer-verification',
    'tournament',
    'async-qualifier',
  ] as const)
    await zelda.install(`sahabot/${name}`);
  await zelda.pauseSchedules(
    'watch-rooms',
    'sync-schedule',
    'clean-up',
    'auto-room-creation',
    'calculate-scores',
  );
  await metroid.install('sahabot/sm');
  await metroid.install('sahabot/bingosync');
  await configure(zelda, 'sahabot/racetime', {
    apiUrl: `${platforms.url}/racetime`,
    categories: { Zelda: 'alttpr' },
  });
  await configure(zelda, 'sahabot/speedgaming', {
    apiUrl: `${platforms.url}/speedgaming`,
    events: ['nobody', 'alttpr'],
  });
  await configure(zelda, 'sahabot/discord-events', { guild: ZELDA_GUILD });
  await configure(metroid, 'sahabot/bingosync', {
    siteUrl: `${platforms.url}/bingosync`,
    games: { sm: 18, chess: 99 },
  });
});

const decide = (plugin: Plugin, decision: object): Promise<Answer> =>
  souk.admin.sendJson('PATCH', `/api/v1/packages/${plugin}/availability`, decision);

async function configure(org: TestOrg, plugin: Plugin, config: object): Promise<void> {
  const { status, text } = await org.owner.put(org.path(`/plugins/${plugin}/config`), config);
  expect(status, text).toBe(200);
}

/** The instance installs it once, with its token, for everybody. */
async function installBot(apiUrl: string): Promise<void> {
  const { json: plan } = await instance.plan({ kind: 'install', plugin: BOT });
  const applied = await instance.apply(plan.id, consentTo(plan));
  expect(applied.status, applied.text).toBe(201);
  await instance.owner.put(instance.path(`/plugins/${BOT}/secrets/botToken`), { value: 'instance-token' });
  await configure(instance, BOT, {
    apiUrl,
    applicationId: '1111',
    publicKey: discord.publicKey,
    soukUrl: souk.anyone.url,
    guilds: { zelda: [ZELDA_GUILD], metroid: [METROID_GUILD] },
  });
  const active = await instance.step(BOT, 'activate', {});
  expect(active.status, active.text).toBe(200);
}

const at = (org: TestOrg, plugin: string, path: string): string => org.endpoint(`sahabot/${plugin}`, path);
const soon = (ask: () => unknown) => expect.poll(ask, { timeout: 30_000, interval: 50 });

let interactions = 0;
/** What Discord sends when somebody types a command on a server. */
function typed(name: string, words: string, guild = ZELDA_GUILD, user = ADA): string {
  const options = [{ name: 'words', type: 3, value: words }];
  const id = String(++interactions);
  return JSON.stringify({
    id,
    type: 2,
    guild_id: guild,
    member: { user: { id: user } },
    data: { name, options },
  });
}

/** Everything comes to the one address of the application. */
function interact(body: string, headers = discord.sign(body), org = instance): Promise<Answer> {
  return org.call(BOT, '/interactions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

async function said(body: string): Promise<string> {
  const { status, json, text } = await interact(body);
  expect(status, text).toBe(200);
  expect(json.data.allowed_mentions).toEqual({ parse: [] });
  return json.data.content;
}

describe('a request to the interactions endpoint', () => {
  it('is a PING, answered with PONG', async () => {
    const { status, json } = await interact('{"type":1}');
    expect([status, json]).toEqual([200, { type: 1 }]);
  });

  it.each([
    ['signed for another body', () => discord.sign('{"type":2}')],
    ['of another key', () => new TestDiscord({}).sign('{"type":1}')],
    ['of an hour ago', () => discord.sign('{"type":1}', Date.now() - 3_600_000)],
    ['without a signature', () => ({})],
    ['signed by nonsense', () => ({ 'x-signature-ed25519': 'zz'.repeat(64), 'x-signature-timestamp': '1' })],
  ])('is refused with 401 when it is %s', async (_what, headers) => {
    for (const org of [instance, zelda])
      expect((await interact('{"type":1}', headers(), org)).status).toBe(401);
  });

  it('runs the command of the organization that has the server, once', async () => {
    const body = typed('alttpr', 'open week-12');
    const headers = discord.sign(body);
    const first = await interact(body, headers);
    expect(first.json.data.content, first.text).toMatch(/^A Link to the Past Randomizer [0-9a-f]{16}\n/u);
    const again = await interact(body, headers);
    expect(again.json.data).toMatchObject({ content: 'This has been answered already.', flags: 64 });
    expect(await said(typed('sm', 'varia', METROID_GUILD))).toMatch(/^Super Metroid/u);
  });

  it('finds no command of the other community, nor a server of nobody', async () => {
    expect(await said(typed('sm', 'varia'))).toBe('No plugin answers /sm here.');
    expect(await said(typed('alttpr', 'open', METROID_GUILD))).toBe('No plugin answers /alttpr here.');
    expect(await said(typed('alttpr', 'open', '1'))).toContain('No organization has this Discord server');
    expect(await said(typed('alttpr', '__proto__'))).toContain('preset');
  });
});

describe('the bot of an organization', () => {
  it('shows its commands on its own server, and on no other', async () => {
    const path = (guild: string): string => at(zelda, 'discord-bot', `/guilds/${guild}/commands`);
    const shown = await zelda.owner.put(path(ZELDA_GUILD), {});
    expect(shown.status, shown.text).toBe(200);
    expect(discord.commands.get(ZELDA_GUILD)?.map(({ name }) => name)).toContain('alttpr');
    const foreign = await zelda.owner.put(path(METROID_GUILD), {});
    expect([foreign.status, foreign.json.code]).toEqual([403, 'guild_not_yours']);
  });

  it('sends messages to its own people', async () => {
    const path = at(metroid, 'discord-bot', '/messages');
    const sent = await metroid.owner.post(path, { user: GRACE, content: 'Hello' });
    expect(sent.status, sent.text).toBe(201);
    const stranger = await metroid.owner.post(path, { user: ADA, content: 'Hello' });
    expect([stranger.status, stranger.json.code]).toEqual([422, 'user_unknown']);
    expect((await zelda.call(BOT, '/messages', { method: 'POST', body: '{}' })).status).toBe(401);
  });
});

describe('RaceTime', () => {
  let room: string;

  it('opens a room by a profile, for people and by contract', async () => {
    const early = await zelda.owner.post(at(zelda, 'racetime', '/rooms'), {
      category: 'alttpr',
      goal: 'Any%',
    });
    expect([early.status, early.json.code]).toEqual([422, 'platform_refused']);
    for (const [name, value] of [
      ['clientId', 'bot'],
      ['clientSecret', 'racetime-secret'],
    ])
      await zelda.owner.put(zelda.path(`/plugins/sahabot/racetime/secrets/${name}`), { value });
    const profile = await zelda.owner.put(at(zelda, 'racetime', '/profiles/weekly'), {
      category: 'Zelda',
      goal: 'Beat Ganon',
    });
    expect(profile.status, profile.text).toBe(201);
    const opened = await zelda.owner.post(at(zelda, 'racetime', '/rooms'), {
      profile: 'weekly',
      info: 'Week 12',
    });
    expect(opened.status, opened.text).toBe(201);
    room = opened.json.room;
    expect(racetime.races.get(room)?.fields).toMatchObject({
      custom_goal: 'Beat Ganon',
      info_bot: 'Week 12',
    });
    const contract = zelda.path('/contracts/race-room@1/readRoom');
    const read = await zelda.owner.post(contract, { input: { room } });
    expect(read.json.output, read.text).toEqual({ room, state: 'open', entrants: [] });
    const gone = await zelda.owner.post(contract, { input: { room: 'alttpr/none' } });
    expect(gone.text).toContain('room_not_found');
  });

  it('is told when the race is over, and tells who wants to hear it', async () => {
    const wish = { event: 'race.*', channel: 'discord', address: ADA };
    const subscribed = await zelda.owner.post(at(zelda, 'notifications', '/subscriptions'), wish);
    expect(subscribed.status, subscribed.text).toBe(201);
    racetime.finish(room, 'ada', 'grace');
    const watched = await zelda.owner.post(at(zelda, 'racetime', '/rooms/watch'), {});
    expect(watched.json, watched.text).toEqual({ watched: 1, finished: 1 });
    await soon(() => discord.messages).toContainEqual({ to: ADA, content: `The race in ${room} is over.` });
    const race = await zelda.owner.get(at(zelda, 'racetime', `/races/${room}`));
    expect(race.json.entrants[0]).toEqual({
      person: { id: 'ada', name: 'ada' },
      state: 'done',
      place: 1,
      finishMs: 4_800_000,
    });
  });

  it('closes a room that has not started', async () => {
    const contract = (action: string): string => zelda.path(`/contracts/race-room@1/${action}`);
    const { json } = await zelda.owner.post(contract('openRoom'), {
      input: { category: 'Zelda', goal: 'Any%' },
    });
    const close = () => zelda.owner.post(contract('closeRoom'), { input: { room: json.output.room } });
    expect((await close()).json.output).toEqual({ closed: 'now' });
    expect((await close()).json.output).toEqual({ closed: 'before' });
    expect(racetime.races.get(json.output.room)?.fields).toMatchObject({
      unlisted: 'true',
      invitational: 'true',
    });
  });
});

describe('SpeedGaming', () => {
  it('keeps the schedule, and says which event it could not read', async () => {
    const when = new Date(Date.now() + 3_600_000).toISOString();
    const players = [{ displayName: 'Ada' }, { displayName: 'Grace' }];
    episodes = [
      { id: 7, when, match1: { title: 'Semifinal', players }, channels: [{ name: 'sg1' }] },
      { id: 8, when: 'soon' },
    ];
    const sync = async () => (await zelda.owner.post(at(zelda, 'speedgaming', '/sync'), {})).json;
    expect(await sync()).toEqual({
      scheduled: 1,
      changed: 0,
      removed: 0,
      failed: [expect.stringContaining('nobody')],
    });
    expect(await sync()).toMatchObject({ scheduled: 0, changed: 0, removed: 0 });
    const { json } = await zelda.call('sahabot/speedgaming', '/episodes');
    expect(json.episodes).toMatchObject([
      { episode: '7', title: 'Semifinal', players: ['Ada', 'Grace'], startsAt: when },
    ]);
  });
});

describe('a match at Discord', () => {
  const tell = (name: string, data: object) =>
    zelda.owner.post(zelda.path('/events'), { name, data, key: 'm1' });
  const match = { match: 'm1', title: 'Semifinal', scheduledAt: '2099-01-09T19:00:00.000Z' };
  const event = () => [...discord.events.values()].at(-1);

  it('is an event of the server, moved with the match and completed at its end', async () => {
    await tell('match.scheduled', match);
    await soon(event).toMatchObject({
      name: 'Semifinal',
      status: 1,
      scheduled_end_time: '2099-01-09T21:00:00.000Z',
    });
    await tell('match.scheduled', { ...match, scheduledAt: '2099-01-10T19:00:00.000Z' });
    await soon(event).toMatchObject({ scheduled_start_time: '2099-01-10T19:00:00.000Z' });
    expect(discord.events.size).toBe(1);
    await tell('match.finished', match);
    await soon(event).toMatchObject({ status: 3 });
  });

  it('is forgotten where somebody has removed it there', async () => {
    await tell('match.scheduled', match);
    await soon(event).toMatchObject({ status: 1 });
    // The plugin notes the event after Discord has it.
    const noted = async () => (await zelda.owner.get(at(zelda, 'discord-events', '/links'))).json.links;
    await soon(noted).toMatchObject([{ match: 'm1', event: event()?.['id'] }]);
    discord.events.clear();
    const tidied = await zelda.owner.post(at(zelda, 'discord-events', '/clean-up'), {});
    expect(tidied.json, tidied.text).toEqual({ dropped: 1, canceled: 0 });
  });
});

describe('racer verification', () => {
  it('gives the role to who has raced enough, and to one person for each racer', async () => {
    const path = at(zelda, 'racer-verification', '/verifications/veteran');
    const wish = { category: 'alttpr', races: 11, guild: ZELDA_GUILD, role: '41771983423143936' };
    expect((await zelda.owner.put(path, wish)).status).toBe(201);
    const claim = (racer: string, discordUser: string) =>
      zelda.owner.post(`${path}/racers`, { racer, discordUser });
    const early = await claim('grace', GRACE);
    expect([early.status, early.json.code]).toEqual([422, 'races_missing']);
    expect(early.json.message).toContain('3 of 11');
    const given = await claim('ada', ADA);
    expect(given.status, given.text).toBe(201);
    expect(discord.roles).toEqual([`PUT ${ZELDA_GUILD} ${ADA} ${wish.role}`]);
    expect((await claim('ada', GRACE)).json.code).toBe('racer_taken');
    expect((await zelda.owner.delete(`${path}/racers/ada`)).status).toBe(204);
    expect(discord.roles.at(-1)).toBe(`DELETE ${ZELDA_GUILD} ${ADA} ${wish.role}`);
  });
});

describe('a tournament', () => {
  const path = (rest: string): string => at(zelda, 'tournament', rest);
  const players = ['ada', 'grace'];
  let match: string;

  it('is opened, and its match reaches people and the server', async () => {
    const cup = { tournament: 'spring', title: 'Spring Cup', category: 'Zelda', goal: 'Beat Ganon' };
    const opened = await zelda.owner.post(path('/tournaments'), cup);
    expect(opened.status, opened.text).toBe(201);
    expect((await zelda.owner.post(path('/tournaments'), cup)).json.code).toBe('tournament_exists');
    const wish = { event: 'match.*', channel: 'discord', address: GRACE };
    await zelda.owner.post(at(zelda, 'notifications', '/subscriptions'), wish);
    const scheduledAt = new Date(Date.now() + 20 * 60_000).toISOString();
    const added = await zelda.owner.post(path('/tournaments/spring/matches'), {
      title: 'Final',
      players,
      scheduledAt,
    });
    expect(added.status, added.text).toBe(201);
    match = added.json.match;
    await soon(() => discord.messages).toContainEqual({
      to: GRACE,
      content: `Final is scheduled for ${scheduledAt}.`,
    });
    await soon(() => [...discord.events.values()].at(-1)).toMatchObject({ name: 'Final', status: 1 });
  });

  it('takes who signs up at Discord into its crew', async () => {
    expect(await said(typed('tournament', 'matches'))).toContain(`${match}: Final (ada vs grace)`);
    expect(await said(typed('tournament', `crew ${match} commentator`))).toBe(
      'You asked to be commentator of Final.',
    );
    expect(await said(typed('tournament', `crew ${match} king`))).toContain('Type tournament');
    const taken = { who: `discord:${ADA}`, role: 'commentator' };
    const approved = await zelda.owner.put(path(`/matches/${match}/crew`), taken);
    expect(approved.json.crew, approved.text).toEqual([{ ...taken, state: 'approved' }]);
    const forged = { name: 'tournament', words: [`discord:${GRACE}`, 'crew', match, 'tracker'] };
    const terminal = zelda.path('/contracts/cli-command-provider@1/runCommand');
    const { json } = await zelda.owner.post(terminal, { input: forged, plugin: 'sahabot/tournament' });
    expect(json.output.exitCode).toBe(1);
  });

  it('opens a room when the match is near, and ends with the race', async () => {
    const opened = await zelda.owner.post(path('/rooms'), {});
    expect(opened.json, opened.text).toEqual({ opened: 1 });
    const { json } = await zelda.call('sahabot/tournament', `/matches/${match}`);
    racetime.finish(json.room.room, 'grace', 'ada');
    await zelda.owner.post(at(zelda, 'racetime', '/rooms/watch'), {});
    await soon(() => discord.messages).toContainEqual({
      to: GRACE,
      content: 'Final is over. Winner: grace.',
    });
    await soon(() => [...discord.events.values()].at(-1)).toMatchObject({ name: 'Final', status: 3 });
    const late = await zelda.owner.put(path(`/matches/${match}/result`), { winner: 'ada' });
    expect([late.status, late.json.code]).toEqual([409, 'match_finished']);
  });

  it('takes its matches from SpeedGaming where it shall', async () => {
    const config = { enableSpeedgaming: true, speedgamingEvents: { alttpr: 'spring' } };
    await configure(zelda, 'sahabot/tournament', config);
    const when = new Date(Date.now() + 7_200_000).toISOString();
    episodes = [
      {
        id: 9,
        when,
        match1: { title: 'Round 1', players: [{ displayName: 'Ada' }, { displayName: 'Eve' }] },
      },
    ];
    await zelda.owner.post(at(zelda, 'speedgaming', '/sync'), {});
    const read = async () => (await zelda.call('sahabot/tournament', '/matches/sg-9')).json;
    await soon(read).toMatchObject({
      tournament: 'spring',
      title: 'Round 1',
      scheduledAt: when,
      players: ['Ada', 'Eve'],
    });
  });
});

describe('a qualifier', () => {
  const path = (rest: string): string => at(zelda, 'async-qualifier', rest);
  const pools = [{ pool: 'boots', randomizer: 'alttpr', preset: 'weekly/boots' }];
  const wish = { qualifier: 'spring', title: 'Spring', category: 'alttpr', pools };

  it('needs the presets of its pools', async () => {
    const early = await zelda.owner.post(path('/qualifiers'), wish);
    expect([early.status, early.json.code]).toEqual([422, 'preset_unknown']);
    await zelda.owner.put(at(zelda, 'presets', '/namespaces/weekly'), {
      title: 'Weekly',
      visibility: 'public',
    });
    const preset = { settings: { goal: 'pedestal' } };
    expect((await zelda.owner.put(at(zelda, 'alttpr', '/presets/weekly/boots'), preset)).status).toBe(201);
    const opened = await zelda.owner.post(path('/qualifiers'), wish);
    expect(opened.status, opened.text).toBe(201);
  });

  it('gives a seed, takes a time, and scores what is approved', async () => {
    const made = await zelda.owner.post(path('/qualifiers/spring/pools/boots/permalinks'), {});
    expect(made.json.hash, made.text).toMatch(/^[0-9a-f]{16}$/u);
    const begin = () => zelda.owner.post(path('/qualifiers/spring/pools/boots/runs'), {});
    const { json: run, text } = await begin();
    expect(run.seed, text).toMatchObject({ hash: made.json.hash });
    expect((await begin()).json.code).toBe('pool_done');
    const finish = (elapsedMs: number) => zelda.owner.post(path(`/runs/${run.run}/finish`), { elapsedMs });
    expect((await finish(3_600_000)).json.code).toBe('time_impossible');
    expect((await finish(1)).json).toMatchObject({ state: 'finished', review: 'pending', score: null });
    const reviewed = await zelda.owner.put(path(`/runs/${run.run}/review`), { verdict: 'approved' });
    expect(reviewed.json, reviewed.text).toMatchObject({ review: 'approved', score: 100 });
    expect(await said(typed('qualifier', 'spring'))).toMatch(/^1\. souk:[0-9a-f-]+ 100$/u);
  });

  it('counts a live race, the best at par and the others behind', async () => {
    const live = await zelda.owner.post(path('/qualifiers/spring/pools/boots/live'), {});
    expect(live.status, live.text).toBe(201);
    racetime.finish(live.json.room, 'ada', 'grace');
    await zelda.owner.post(at(zelda, 'racetime', '/rooms/watch'), {});
    const board = async () =>
      (await zelda.call('sahabot/async-qualifier', '/qualifiers/spring/leaderboard')).json.leaderboard;
    await soon(async () => (await board()).length).toBe(3);
    // 80 and 81 minutes: the par is 80.5, and a minute is about 1.24 points.
    const points = (await board()).map(({ player, score }: { player: string; score: number }) => [
      player,
      score,
    ]);
    expect(points).toEqual(
      expect.arrayContaining([
        ['racetime:ada', 100.62],
        ['racetime:grace', 99.38],
      ]),
    );
  });
});

describe('a plugin that is denied a permission', () => {
  async function deny(plugin: Plugin, denied: string): Promise<void> {
    const { json } = await zelda.owner.get(zelda.path(`/plugins/${plugin}`));
    const grants = json.grants.filter(({ name }: { name: string }) => name !== denied);
    const narrowed = await zelda.owner.put(zelda.path(`/plugins/${plugin}/grants`), { grants });
    expect(narrowed.status, narrowed.text).toBe(200);
  }

  it('holds the match without a room, and says why', async () => {
    await deny('sahabot/tournament', 'contracts.call');
    const { json, text } = await zelda.owner.post(at(zelda, 'tournament', '/matches/sg-9/room'), {});
    expect(json.race, text).toEqual({ room: null, reason: expect.stringContaining('contracts.call') });
    const moved = { scheduledAt: '2099-01-01T00:00:00Z' };
    expect((await zelda.owner.put(at(zelda, 'tournament', '/matches/sg-9/schedule'), moved)).status).toBe(
      200,
    );
  });

  it('opens the room, and tells nobody', async () => {
    await deny('sahabot/racetime', 'events.emit');
    const opened = await zelda.owner.post(at(zelda, 'racetime', '/rooms'), { profile: 'weekly' });
    expect(opened.status, opened.text).toBe(201);
    expect(await zelda.log('sahabot/racetime')).toContain('events.emit');
  });

  it('notes what it could not deliver', async () => {
    await deny('sahabot/notifications', 'plugins.call');
    await zelda.owner.put(at(zelda, 'tournament', '/matches/sg-9/result'), { winner: 'Eve' });
    const newest = async () => (await zelda.owner.get(at(zelda, 'notifications', '/log'))).json.log[0];
    await soon(newest).toMatchObject({
      event: 'match.finished',
      result: 'refused',
      reason: expect.stringContaining('plugins.call'),
    });
  });
});

describe('the other community', () => {
  it('has what it chose and what the instance gives, and nothing else', async () => {
    const { json } = await metroid.owner.get(metroid.path('/installations'));
    const plugins = json.items.map(({ plugin }: { plugin: string }) => plugin);
    expect(plugins.toSorted()).toEqual([
      'sahabot/bingosync',
      BOT,
      'sahabot/presets',
      'sahabot/sm',
      'sahabot/tournament',
    ]);
    expect((await metroid.owner.get(at(metroid, 'racetime', '/rooms'))).status).toBe(404);
    expect((await metroid.owner.get(at(zelda, 'racetime', '/rooms'))).status).toBe(404);
  });

  it('opens rooms for bingo, with a card that people see', async () => {
    const path = at(metroid, 'bingosync', '/rooms');
    const opened = await metroid.owner.post(path, { name: 'Week 12', game: 'sm', lockout: true, seed: 4711 });
    expect(opened.status, opened.text).toBe(201);
    expect(bingosync.rooms[0]).toMatchObject({
      room_name: 'Week 12',
      game_type: '18',
      lockout_mode: '2',
      seed: '4711',
    });
    const board = await metroid.owner.get(`${path}/${opened.json.room}/board`);
    expect(board.json.squares, board.text).toEqual([{ name: 'Beat Ganon', slot: 'slot1', colors: 'blank' }]);
    expect(await said(typed('bingo', 'sm', METROID_GUILD))).toContain('/room/room-number-2');
    const refused = await metroid.owner.post(path, { name: 'Chess', game: 'chess' });
    expect([refused.status, refused.json.code]).toEqual([422, 'platform_refused']);
    expect((await metroid.owner.post(path, { name: 'Go', game: 'constructor' })).json.code).toBe(
      'game_unknown',
    );
  });

  it('has tournaments of its own', async () => {
    const path = at(metroid, 'tournament', '/tournaments');
    expect((await metroid.owner.get(path)).json).toEqual({ tournaments: [] });
    const cup = { tournament: 'spring', title: 'Chozo Cup', category: 'sm', goal: 'Any%' };
    expect((await metroid.owner.post(path, cup)).status).toBe(201);
    expect((await zelda.call('sahabot/tournament', '/tournaments/spring')).json.title).toBe('Spring Cup');
    expect((await metroid.owner.delete(metroid.path('/plugins/sahabot/tournament'))).status).toBe(409);
  });

  it('sees a private plugin once the instance has granted it', async () => {
    const plan = () => metroid.plan({ kind: 'install', plugin: TRACKER });
    expect((await metroid.owner.get(`/api/v1/packages/${TRACKER}`)).status).toBe(404);
    expect((await plan()).status).toBeGreaterThanOrEqual(400);
    const grant = `/api/v1/packages/${TRACKER}/grants/metroid`;
    expect((await souk.admin.put(grant, {})).status).toBeLessThan(300);
    expect((await plan()).status).toBe(201);
  });
});
