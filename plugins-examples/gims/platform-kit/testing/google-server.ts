/**
 * One Google Workspace behind the token address, the Directory API and the Groups Settings API. Each answer follows the
 * page that is named beside it.
 */
import { generateKeyPairSync } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import { startLocalServer, type Asked, type LocalServer, type Reply } from './local-server.ts';

export const DOMAIN = 'uni.example';
export const ADMIN = `it@${DOMAIN}`;
const ACCOUNT = 'souk@project.iam.gserviceaccount.example';

type Group = { id: string; email: string; name: string; description: string };
type Member = { id: string; email: string; role: string };

export type GoogleServer = LocalServer & {
  /** The key file of the service account. */
  readonly keyFile: string;
  readonly groups: Map<string, Group>;
  /** By the id of the group. */
  readonly members: Map<string, Member[]>;
  /** By the address of the group. */
  readonly settings: Map<string, Record<string, unknown>>;
  /** Addresses of people whom Google knows. */
  readonly people: Set<string>;
  /** From now on no token that was given before is taken. */
  revokeTokens(): void;
};

type State = Omit<GoogleServer, keyof LocalServer | 'keyFile' | 'revokeTokens'> & {
  readonly tokens: Set<string>;
  nextId: () => string;
};

export async function startGoogle(): Promise<GoogleServer> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  let last = 0;
  const state: State = {
    groups: new Map(),
    members: new Map(),
    settings: new Map(),
    people: new Set(),
    tokens: new Set(),
    nextId: () => `02szc72q${String(++last).padStart(7, '0')}`,
  };
  const server = await startLocalServer(async (asked) => {
    if (asked.path === '/token') return giveToken(asked, publicKey, `${server.url}/token`, state);
    // "Standard error responses": 401 with the reason authError.
    const token = asked.authorization.replace(/^Bearer /u, '');
    if (!state.tokens.has(token)) return failure(401, 'authError', 'Invalid Credentials');
    return answer(asked, state);
  });
  const keyFile = JSON.stringify({
    type: 'service_account',
    client_email: ACCOUNT,
    private_key: privateKey,
    private_key_id: 'key-1',
  });
  return { ...server, ...state, keyFile, revokeTokens: () => state.tokens.clear() };
}

/** "Standard error responses" of Google's JSON APIs: code, message, and a list with domain and reason. */
const failure = (code: number, reason: string, message: string): Reply => ({
  status: code,
  body: { error: { code, message, errors: [{ domain: 'global', reason, message }] } },
});
const noGroup = failure(404, 'notFound', 'Resource Not Found: groupKey');

/** Directory API, "Limits and quotas": 403 with a reason, to be asked again later. */
export const overQuota = failure(403, 'quotaExceeded', 'Quota exceeded for quota metric Queries');

/**
 * "Using OAuth 2.0 for Server to Server Applications": the assertion is signed with RS256, is for this address, lasts
 * at most an hour, and names a user to act for and scopes; the answer has a token for an hour. RFC 6749 section 5.2 for
 * what is refused.
 */
async function giveToken(
  { body }: Asked,
  publicKey: string,
  audience: string,
  { tokens }: State,
): Promise<Reply> {
  const form = new URLSearchParams(String(body));
  const key = await importSPKI(publicKey, 'RS256');
  const claims = await jwtVerify(form.get('assertion') ?? '', key, {
    algorithms: ['RS256'],
    issuer: ACCOUNT,
    subject: ADMIN,
    audience,
    maxTokenAge: '1h',
  }).then(
    ({ payload }) => payload,
    () => null,
  );
  const lastsSeconds = Number(claims?.exp) - Number(claims?.iat);
  const isSound =
    form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
    String(claims?.['scope']).includes('admin.directory.group') &&
    lastsSeconds <= 3_600;
  if (!isSound)
    return {
      status: 400,
      body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
    };
  const token = `ya29.${tokens.size}.${Math.random()}`;
  tokens.add(token);
  return { status: 200, body: { access_token: token, expires_in: 3_599, token_type: 'Bearer' } };
}

function answer(asked: Asked, state: State): Reply {
  const settings = /^\/groups\/v1\/groups\/([^/]+)$/u.exec(asked.path);
  if (settings) return changeSettings(String(settings[1]), asked, state);
  const parts = /^\/admin\/directory\/v1\/groups(?:\/([^/]+))?(\/members)?(?:\/([^/]+))?$/u.exec(asked.path);
  if (!parts) return failure(404, 'notFound', 'Not Found');
  const [, groupKey, members, memberKey] = parts;
  if (groupKey === undefined) return asked.method === 'POST' ? insertGroup(asked, state) : listGroups(state);
  const group = [...state.groups.values()].find(({ id, email }) => id === groupKey || email === groupKey);
  if (!group) return noGroup;
  if (members === undefined) return groupItself(asked, group, state);
  return memberKey === undefined
    ? membersOf(asked, group, state)
    : removeMember(String(memberKey), group, state);
}

const listGroups = ({ groups }: State): Reply => ({ status: 200, body: { groups: [...groups.values()] } });

/** "groups.insert": an address that is taken is 409 with the reason duplicate. */
function insertGroup({ body }: Asked, { groups, members, nextId }: State): Reply {
  if ([...groups.values()].some(({ email }) => email === body.email))
    return failure(409, 'duplicate', 'Entity already exists.');
  const group = { ...(body as Group), id: nextId() };
  groups.set(group.id, group);
  members.set(group.id, []);
  return { status: 200, body: { kind: 'admin#directory#group', ...group } };
}

/** "groups.get" and "groups.delete", the second with an empty body. */
function groupItself({ method }: Asked, group: Group, { groups }: State): Reply {
  if (method !== 'DELETE') return { status: 200, body: group };
  groups.delete(group.id);
  return { status: 204 };
}

/** "members.list": at most 200, with `nextPageToken`. "members.insert": 409 for who is in it already. */
function membersOf({ method, query, body }: Asked, { id }: Group, { members, people, nextId }: State): Reply {
  const list = members.get(id) ?? [];
  if (method === 'POST') {
    if (list.some(({ email }) => email === body.email))
      return failure(409, 'duplicate', 'Member already exists.');
    if (!people.has(body.email)) return failure(404, 'notFound', 'Resource Not Found: memberKey');
    const member = { id: nextId(), email: body.email, role: body.role };
    list.push(member);
    return { status: 200, body: member };
  }
  const start = Number(query.get('pageToken') ?? 0);
  const end = start + Math.min(200, Number(query.get('maxResults') ?? 200));
  const more = end < list.length ? { nextPageToken: String(end) } : {};
  // An empty list is left out, as are all empty lists of these APIs.
  const page = list.slice(start, end);
  return { status: 200, body: { ...(page.length > 0 ? { members: page } : {}), ...more } };
}

/** "members.delete": an empty body; who is not in it is 404 with memberKey. */
function removeMember(key: string, { id }: Group, { members }: State): Reply {
  const list = members.get(id) ?? [];
  const left = list.filter((member) => member.email !== key && member.id !== key);
  if (left.length === list.length) return failure(404, 'notFound', 'Resource Not Found: memberKey');
  members.set(id, left);
  return { status: 204 };
}

/** Groups Settings API, "groups.patch". */
function changeSettings(email: string, { body }: Asked, { groups, settings }: State): Reply {
  if (![...groups.values()].some((group) => group.email === email)) return noGroup;
  settings.set(email, { ...settings.get(email), ...(body as object) });
  return { status: 200, body: settings.get(email) };
}
