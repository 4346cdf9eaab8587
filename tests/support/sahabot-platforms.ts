/** Local servers in place of the platforms that SahaBot2's plugins talk to; each answers as its documentation says. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

type Asked = {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
};
type Said = {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
};
/** @returns undefined where the platform has no such address, which it answers with 404 */
export type Platform = (asked: Asked) => Said | undefined;

/** @param platforms by the first segment of the path below which each answers */
export async function startPlatforms(
  platforms: Readonly<Record<string, Platform>>,
): Promise<{ url: string }> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const [, name = '', path = ''] = /^\/([a-z]+)(\/.*)$/u.exec(request.url ?? '') ?? [];
    const said = platforms[name]?.({
      method: request.method ?? '',
      path,
      body,
      headers: request.headers,
    }) ?? {
      status: 404,
      json: { message: 'Not found' },
    };
    const text = said.text ?? (said.json === undefined ? '' : JSON.stringify(said.json));
    response.writeHead(said.status ?? 200, { 'content-type': 'application/json', ...said.headers }).end(text);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/**
 * Discord's HTTP API ("API Reference", "Create DM", "Create Message", "Add Guild Member Role", "Guild Scheduled Event", "Bulk Overwrite
 * Guild Application Commands"), and the key with which it signs interactions.
 */
export class TestDiscord {
  readonly messages: { to: string; content: string }[] = [];
  readonly roles: string[] = [];
  readonly events = new Map<string, Record<string, unknown>>();
  readonly commands = new Map<string, { name: string }[]>();
  /** Members of each guild. */
  readonly members: Readonly<Record<string, readonly string[]>>;
  readonly publicKey: string;
  readonly #key = generateKeyPairSync('ed25519');
  #nextId = 1000;

  constructor(members: TestDiscord['members']) {
    this.members = members;
    const jwk = this.#key.publicKey.export({ format: 'jwk' });
    this.publicKey = Buffer.from(jwk.x ?? '', 'base64url').toString('hex');
  }

  /** The headers that Discord puts on an interaction ("Validating Security Request Headers"). */
  sign(body: string, atMs = Date.now()): Record<string, string> {
    const timestamp = String(Math.floor(atMs / 1000));
    const signature = sign(null, Buffer.from(timestamp + body), this.#key.privateKey).toString('hex');
    return { 'x-signature-ed25519': signature, 'x-signature-timestamp': timestamp };
  }

  readonly platform: Platform = ({ method, path, body, headers }) => {
    if (headers.authorization !== 'Bot instance-token')
      return { status: 401, json: { message: '401: Unauthorized', code: 0 } };
    const json = body === '' ? {} : JSON.parse(body);
    const [, top, id = '', below, rest, ...more] = path.split('/');
    if (top === 'users')
      return id === '@me' && below === 'channels'
        ? this.#openChannel(json)
        : { json: { username: 'SahaBot' } };
    if (top === 'channels') return this.#post(id, json);
    if (top === 'applications') return this.#overwriteCommands(rest ?? '', json);
    if (below === 'members') return this.#member(method, id, rest ?? '', more);
    if (below === 'scheduled-events') return this.#event(method, rest, json);
    return undefined;
  };

  #openChannel({ recipient_id: user }: { recipient_id: string }): Said {
    return { json: { id: `7${user}`, type: 1 } };
  }

  #post(channel: string, { content }: { content: string }): Said {
    this.messages.push({ to: channel.slice(1), content });
    return { json: { id: String(this.#nextId++) } };
  }

  #overwriteCommands(guild: string, commands: { name: string }[]): Said {
    this.commands.set(guild, commands);
    return { json: commands };
  }

  #member(method: string, guild: string, user: string, [, role]: string[]): Said {
    if (!this.members[guild]?.includes(user))
      return { status: 404, json: { message: 'Unknown Member', code: 10007 } };
    if (role === undefined) return { json: { user: { id: user } } };
    this.roles.push(`${method} ${guild} ${user} ${role}`);
    return { status: 204 };
  }

  /** "Guild Scheduled Event Status": 1 SCHEDULED, 2 ACTIVE, 3 COMPLETED, 4 CANCELED; 1 → 2 → 3 or 1 → 4. */
  #event(method: string, id: string | undefined, wish: Record<string, unknown>): Said | undefined {
    if (id === undefined && method === 'GET') return { json: [...this.events.values()] };
    if (id === undefined) {
      const event = { ...wish, id: String(this.#nextId++), status: 1 };
      this.events.set(event.id, event);
      return { json: event };
    }
    const event = this.events.get(id);
    if (!event) return undefined;
    if (method === 'PATCH') {
      const next = wish['status'];
      if (next !== undefined && !['1→2', '2→3', '1→4'].includes(`${event['status']}→${next}`))
        return { status: 400, json: { message: 'Invalid Form Body', code: 50035 } };
      Object.assign(event, wish);
    }
    if (method === 'DELETE') this.events.delete(id);
    return method === 'DELETE' ? { status: 204 } : { json: event };
  }
}

type TestRace = { status: { value: string }; entrants: unknown[]; fields: Record<string, string> };

/** racetime.gg ("Public API endpoints", "OAuth2 applications", "Category bots"). */
export class TestRacetime {
  readonly races = new Map<string, TestRace>();
  /** How many races of alttpr each racer has finished. */
  readonly finished: Readonly<Record<string, number>>;

  constructor(finished: TestRacetime['finished']) {
    this.finished = finished;
  }

  readonly platform: Platform = ({ method, path, body, headers }) => {
    const fields = Object.fromEntries(new URLSearchParams(body));
    if (method === 'POST') return this.#act(path, fields, headers.authorization);
    const [where = '', query = ''] = path.split('?');
    const race = this.races.get(where.replace(/^\/|\/data$/gu, ''));
    if (race) return { json: race };
    const racer = /^\/user\/(\w+)\/races\/data$/u.exec(where)?.[1];
    return racer === undefined
      ? undefined
      : this.#racesOf(racer, Number(new URLSearchParams(query).get('page')));
  };

  /** Ends a race: the first of `people` wins. */
  finish(room: string, ...people: string[]): void {
    const race = this.races.get(room);
    if (!race) throw new Error(`no race ${room}`);
    race.status.value = 'finished';
    race.entrants = people.map((name, index) => ({
      user: { id: name, name },
      status: { value: 'done' },
      place: index + 1,
      finish_time: `P0DT01H2${index}M00.000000S`,
    }));
  }

  #act(path: string, fields: Record<string, string>, authorization: string | undefined): Said | undefined {
    if (path === '/o/token')
      return fields['client_secret'] === 'racetime-secret'
        ? { json: { access_token: 'racetime-token', token_type: 'Bearer', expires_in: 36_000 } }
        : { status: 401, json: { error: 'invalid_client' } };
    if (authorization !== 'Bearer racetime-token') return { status: 401 };
    const start = /^\/o\/([a-z0-9-]+)\/startrace$/u.exec(path)?.[1];
    if (start === undefined) return this.#edit(path, fields);
    if (!fields['custom_goal'] && !fields['goal'])
      return { status: 422, json: { errors: { goal: ['required'] } } };
    const room = `${start}/clever-bomb-${this.races.size + 1}`;
    this.races.set(room, { status: { value: 'open' }, entrants: [], fields });
    return { status: 201, headers: { location: `/${room}` } };
  }

  #edit(path: string, fields: Record<string, string>): Said | undefined {
    const race = this.races.get(path.replace(/^\/o\/|\/edit$/gu, ''));
    if (!race) return undefined;
    Object.assign(race.fields, fields);
    return { status: 200 };
  }

  /** Pages of ten. */
  #racesOf(racer: string, page: number): Said {
    const count = this.finished[racer] ?? 0;
    const races = Array.from({ length: Math.max(0, Math.min(10, count - (page - 1) * 10)) }, (_, index) => ({
      name: `alttpr/race-${page}-${index}`,
      status: { value: 'finished' },
    }));
    return { json: { count, num_pages: Math.max(1, Math.ceil(count / 10)), races } };
  }
}

/** bingosync.com, as its published source has it: a form with a token, a redirect to the room, the squares as JSON. */
export class TestBingosync {
  readonly rooms: Record<string, string>[] = [];

  readonly platform: Platform = ({ method, path, body, headers }) => {
    const fields = Object.fromEntries(new URLSearchParams(body));
    if (path === '/' && method === 'GET') return this.#form();
    if (path === '/' && method === 'POST') return this.#open(fields, headers.cookie);
    if (/^\/room\/room-number-\d+\/board$/u.test(path))
      return { json: [{ name: 'Beat Ganon', slot: 'slot1', colors: 'blank' }] };
    return undefined;
  };

  #form(): Said {
    const text = `<form><input type="hidden" name="csrfmiddlewaretoken" value="PageToken"></form>`;
    return {
      text,
      headers: { 'content-type': 'text/html', 'set-cookie': 'csrftoken=CookieToken; Path=/; SameSite=Lax' },
    };
  }

  #open(fields: Record<string, string>, cookie: string | undefined): Said {
    if (cookie !== 'csrftoken=CookieToken' || fields['csrfmiddlewaretoken'] !== 'PageToken')
      return { status: 403 };
    // A form that is not valid is shown again.
    if (fields['game_type'] !== '18') return this.#form();
    this.rooms.push(fields);
    return { status: 302, headers: { location: `/room/room-number-${this.rooms.length}` } };
  }
}
