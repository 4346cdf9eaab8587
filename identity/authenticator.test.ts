import { afterAll, beforeAll, beforeEach, describe, expect, test, onTestFinished, vi } from 'vitest';
import { AUDIT_ENTITIES, type Database, type Transaction } from '../database/index.ts';
import { startTestDatabase, type TestDatabase } from '../tests/support/database.ts';
import { codeOf } from '../tests/support/refusals.ts';
import { createTokenSecret } from './token-secret.ts';
import {
  actorOf,
  addMember,
  ALL_TOKEN_SCOPES,
  bootstrapInstance,
  changeInstanceRole,
  createAuthenticator,
  createOrganization,
  createUser,
  IDENTITY_ENTITIES,
  issueToken,
  listTokens,
  revokeToken,
  type Authenticator,
  type IssuedToken,
  type Principal,
  type TokenRequest,
} from './index.ts';

const HOUR_MS = 3_600_000;
let fixture: TestDatabase;
let second: Database;
let here: Authenticator;
let there: Authenticator;
let admin: Principal;

beforeAll(async () => {
  fixture = await startTestDatabase([...AUDIT_ENTITIES, ...IDENTITY_ENTITIES]);
  second = await fixture.open();
  here = await createAuthenticator(fixture.database);
  there = await createAuthenticator(second);
  const secrets: string[] = [];
  const kept = async (secret: string): Promise<void> => void secrets.push(secret);
  await Promise.all([bootstrapInstance(fixture.database, kept), bootstrapInstance(second, kept)]);
  expect(secrets).toHaveLength(1);
  admin = await here.authenticate(secrets[0] ?? '');
});

afterAll(async () => {
  await here.close();
  await there.close();
  await fixture.drop();
});

function instance<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  return fixture.database.transaction({ kind: 'instance' }, work);
}

function issue(change: Partial<TokenRequest> = {}, principal: Principal = admin): Promise<IssuedToken> {
  const expiresAt = new Date(Date.now() + HOUR_MS);
  return instance((tx) =>
    issueToken(tx, principal, { name: 'Test', scopes: ['orgs:read'], expiresAt, ...change }),
  );
}

function revoke({ token }: IssuedToken): Promise<void> {
  const ref = { tokenId: token.id, userId: token.userId };
  return instance((tx) => revokeToken(tx, actorOf(admin), ref));
}

/** What was announced before has been heard here as well: at the commit, and once more by PostgreSQL, in this order. */
async function hearAll(): Promise<void> {
  const heard: string[] = [];
  const listener = { notified: (payload: string) => void heard.push(payload) };
  const stop = await fixture.database.notifications.listen('all_heard', listener);
  await instance((tx) => tx.notify('all_heard', ''));
  await expect.poll(() => heard).toHaveLength(2);
  stop();
}

describe('the first start', () => {
  test('makes one administrator with every scope, whoever starts later', async () => {
    expect(admin).toMatchObject({ instanceRole: 'admin', boundOrgId: undefined });
    expect([...admin.scopes].sort()).toEqual([...ALL_TOKEN_SCOPES].sort());
    const later = await bootstrapInstance(fixture.database, () =>
      expect.unreachable('a second token was made'),
    );
    expect(later).toBe('found');
  });

  test('makes nothing where the secret could not be kept', async () => {
    const fresh = await startTestDatabase([...AUDIT_ENTITIES, ...IDENTITY_ENTITIES]);
    const failing = bootstrapInstance(fresh.database, () => Promise.reject(new TypeError('disk full')));
    await expect(failing).rejects.toThrow('disk full');
    expect(await bootstrapInstance(fresh.database, () => Promise.resolve())).toBe('made');
    await fresh.drop();
  });
});

describe('a token', () => {
  let issued: IssuedToken;

  beforeEach(async () => {
    issued = await issue();
  });

  test('is its principal, on every server', async () => {
    const principal = await here.authenticate(issued.secret);
    expect(principal).toMatchObject({
      id: admin.id,
      tokenId: issued.token.id,
      scopes: new Set(['orgs:read']),
    });
    expect(await there.authenticate(issued.secret)).toEqual(principal);
  });

  test('is not in the database, only its hash', async () => {
    const { rows } = await fixture.superuser.query<{ text: string }>('select token::text as text from token');
    expect(rows.every(({ text }) => !text.includes(issued.secret.slice(5, 30)))).toBe(true);
  });

  test('counts no more at once on this server when it is revoked, and soon on the others', async () => {
    await here.authenticate(issued.secret);
    await there.authenticate(issued.secret);
    await revoke(issued);
    expect(await codeOf(() => here.authenticate(issued.secret))).toBe('token_revoked');
    await expect
      .poll(() => there.authenticate(issued.secret).catch((error) => error.code))
      .toBe('token_revoked');
  });

  test('can be revoked twice, and not by someone else', async () => {
    const stranger = await instance((tx) => createUser(tx, actorOf(admin), { name: 'Stranger' }));
    const foreign = { tokenId: issued.token.id, userId: stranger.id };
    expect(await codeOf(() => instance((tx) => revokeToken(tx, actorOf(admin), foreign)))).toBe('not_found');
    const nonsense = { tokenId: '../x', userId: admin.id };
    expect(await codeOf(() => instance((tx) => revokeToken(tx, actorOf(admin), nonsense)))).toBe('not_found');
    await revoke(issued);
    await revoke(issued);
    expect(await codeOf(() => here.authenticate(issued.secret))).toBe('token_revoked');
  });

  test('that expired is refused, remembered or not', async () => {
    await here.authenticate(issued.secret);
    const brief = await issue({ expiresAt: new Date(Date.now() + HOUR_MS) });
    await here.authenticate(brief.secret);
    const later = Date.now() + HOUR_MS;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(later);
    onTestFinished(() => clock.mockRestore());
    expect(await codeOf(() => here.authenticate(brief.secret))).toBe('token_expired');
    expect(await codeOf(() => there.authenticate(brief.secret))).toBe('token_expired');
    expect(await codeOf(() => here.recall(brief.secret))).toBe('token_expired');
  });

  test('is recalled only where it is known, as long as it counts', async () => {
    await hearAll();
    expect(here.recall(issued.secret)).toBeUndefined();
    const principal = await here.authenticate(issued.secret);
    expect(here.recall(issued.secret)).toBe(principal);
    expect(here.recall(`${issued.secret} `)).toBeUndefined();
    await revoke(issued);
    expect(here.recall(issued.secret)).toBeUndefined();
  });

  test('that this server never issued, or that is none', async () => {
    expect(await codeOf(() => here.authenticate(createTokenSecret()))).toBe('token_unknown');
    expect(await codeOf(() => here.authenticate(`souk_${'0'.repeat(49)}`))).toBe('token_malformed');
    expect(await codeOf(() => here.authenticate('__proto__'))).toBe('token_malformed');
  });

  test('is listed with the time of its last use, without its hash', async () => {
    const other = await createAuthenticator(fixture.database);
    await other.authenticate(issued.secret);
    await other.close();
    const listed = (await instance((tx) => listTokens(tx, admin.id))).find(
      ({ id }) => id === issued.token.id,
    );
    expect(listed).toMatchObject({ name: 'Test', scopes: ['orgs:read'], revokedAt: null });
    expect(listed?.lastUsedAt).toBeInstanceOf(Date);
    expect(JSON.stringify(listed)).not.toContain('hash');
  });

  test('on the hot path costs no query', async () => {
    // What is read while an announcement arrives is not kept.
    await hearAll();
    await here.authenticate(issued.secret);
    await fixture.superuser.query('alter table token rename to token_hidden');
    try {
      expect(await here.authenticate(issued.secret)).toMatchObject({ tokenId: issued.token.id });
      expect(here.recall(issued.secret)).toMatchObject({ tokenId: issued.token.id });
    } finally {
      await fixture.superuser.query('alter table token_hidden rename to token');
    }
  });
});

describe('what changes for a user counts at once', () => {
  test('a membership', async () => {
    const { secret } = await issue();
    await here.authenticate(secret);
    const owner = await instance((tx) => createUser(tx, actorOf(admin), { name: 'Owner' }));
    const org = await instance((tx) =>
      createOrganization(tx, actorOf(admin), { slug: 'joined', name: 'Joined', ownerId: owner.id }),
    );
    expect((await here.authenticate(secret)).roles.has(org.id)).toBe(false);
    await instance((tx) =>
      addMember(tx, actorOf(admin), { orgId: org.id, userId: admin.id, role: 'member' }),
    );
    expect((await here.authenticate(secret)).roles.get(org.id)).toBe('member');
    await expect.poll(async () => (await there.authenticate(secret)).roles.get(org.id)).toBe('member');
  });

  test('the role on the instance', async () => {
    const { secret } = await issue();
    await here.authenticate(secret);
    await instance((tx) => changeInstanceRole(tx, actorOf(admin), admin.id, 'none'));
    expect((await here.authenticate(secret)).instanceRole).toBe('none');
    await instance((tx) => changeInstanceRole(tx, actorOf(admin), admin.id, 'admin'));
  });
});

test('a server that cannot hear keeps nothing: a revocation counts without being told', async () => {
  const deaf = await fixture.open();
  const authenticator = await createAuthenticator(deaf);
  const issued = await issue();
  await authenticator.authenticate(issued.secret);
  await deaf.notifications.close();
  expect(deaf.notifications.state()).toBe('lost');
  await authenticator.authenticate(issued.secret);
  expect(authenticator.recall(issued.secret)).toBeUndefined();
  await fixture.superuser.query('update token set revoked_at = now() where id = $1', [issued.token.id]);
  expect(await codeOf(() => authenticator.authenticate(issued.secret))).toBe('token_revoked');
  await authenticator.close();
});

describe('issuing is refused', () => {
  test.each([
    ['no scope', { scopes: [] }, 'token_scope_unknown'],
    ['an unknown scope', { scopes: ['orgs:read', 'everything'] }, 'token_scope_unknown'],
    ['an inherited property as a scope', { scopes: ['constructor'] }, 'token_scope_unknown'],
    ['a time that is past', { expiresAt: new Date(0) }, 'token_lifetime_invalid'],
    [
      'a time too far away',
      { expiresAt: new Date(Date.now() + 367 * 24 * HOUR_MS) },
      'token_lifetime_invalid',
    ],
    ['no time at all', { expiresAt: new Date(Number.NaN) }, 'token_lifetime_invalid'],
    ['a name that cannot be shown', { name: 'a\0' }, 'display_name_invalid'],
  ] as const)('%s', async (_, change, code) => {
    expect(await codeOf(() => issue(change))).toBe(code);
  });

  test('more than the issuing token has', async () => {
    const weak = await here.authenticate((await issue({ scopes: ['tokens:manage'] })).secret);
    expect(await codeOf(() => issue({ scopes: ['orgs:read'] }, weak))).toBe('token_scope_excessive');
  });

  test('from a bound token an unbound one, or one for another organization', async () => {
    const [a, b] = await Promise.all(
      ['bound-a', 'bound-b'].map((slug) =>
        instance((tx) => createOrganization(tx, actorOf(admin), { slug, name: slug, ownerId: admin.id })),
      ),
    );
    const bound = await here.authenticate((await issue({ orgId: a?.id ?? '' })).secret);
    expect(bound.boundOrgId).toBe(a?.id);
    expect(await codeOf(() => issue({}, bound))).toBe('token_scope_excessive');
    expect(await codeOf(() => issue({ orgId: b?.id ?? '' }, bound))).toBe('token_scope_excessive');
    expect((await issue({ orgId: a?.id ?? '' }, bound)).token.orgId).toBe(a?.id);
  });
});
