import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AUDIT_ENTITIES, verifyAudit, type AuditActor, type Transaction } from '../database/index.ts';
import { startTestDatabase, type TestDatabase } from '../tests/support/database.ts';
import { codeOf } from '../tests/support/refusals.ts';
import {
  addMember,
  changeInstanceRole,
  changeOrganization,
  createOrganization,
  createUser,
  findOrganization,
  findPublisher,
  findUser,
  IDENTITY_ENTITIES,
  listMembers,
  listOrganizations,
  listPublishers,
  registerPublisher,
  removeMember,
  setMember,
  type MemberEditor,
  type Organization,
  type OrgRole,
  type User,
} from './index.ts';

const ACTOR: AuditActor = { kind: 'system', name: 'test' };
const OWNER: MemberEditor = { actor: ACTOR, role: 'owner' };
const ADMIN: MemberEditor = { actor: ACTOR, role: 'admin' };
let fixture: TestDatabase;
let count = 0;

beforeAll(async () => {
  fixture = await startTestDatabase([...AUDIT_ENTITIES, ...IDENTITY_ENTITIES]);
});

afterAll(() => fixture.drop());

function instance<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  return fixture.database.transaction({ kind: 'instance' }, work);
}

function inOrg<Result>(orgId: string, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  return fixture.database.transaction({ kind: 'org', orgId }, work);
}

function newUser(): Promise<User> {
  return instance((tx) => createUser(tx, ACTOR, { name: `User ${(count += 1)}` }));
}

async function newOrg(): Promise<{ org: Organization; owner: User }> {
  const owner = await newUser();
  const slug = `org-${(count += 1)}`;
  const org = await instance((tx) => createOrganization(tx, ACTOR, { slug, name: slug, ownerId: owner.id }));
  return { org, owner };
}

async function waitingForLocks(): Promise<number> {
  const { rows } = await fixture.superuser.query<{ waiting: number }>(
    `select count(*)::integer as waiting from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiting ?? 0;
}

async function actionsIn(orgId: string): Promise<string[]> {
  const { rows } = await fixture.superuser.query<{ action: string }>(
    'select action from audit_entry where org_id = $1 order by id',
    [orgId],
  );
  return rows.map(({ action }) => action);
}

describe('users', () => {
  test('an address is kept in lower case and belongs to one user', async () => {
    const user = await instance((tx) => createUser(tx, ACTOR, { name: ' Ada ', email: 'Ada@Example.ORG' }));
    expect(user).toMatchObject({ name: 'Ada', email: 'ada@example.org', instanceRole: 'none' });
    const again = (): unknown =>
      instance((tx) => createUser(tx, ACTOR, { name: 'B', email: 'ADA@example.org' }));
    expect(await codeOf(again)).toBe('email_taken');
  });

  test.each(['', 'ada', '@', 'a@', '@b', 'a b@c', 'a@b@c', 'a@b\0', `a@${'b'.repeat(253)}`])(
    '%j is no address',
    async (email) => {
      const attempt = (): unknown => instance((tx) => createUser(tx, ACTOR, { name: 'A', email }));
      expect(await codeOf(attempt)).toBe('email_invalid');
    },
  );

  test.each(['', '   ', 'a\0b', 'a\nb', 'x'.repeat(101), 'abc\u202Etxt', '\uD800'])(
    '%j is no name',
    async (name) => {
      const attempt = (): unknown => instance((tx) => createUser(tx, ACTOR, { name }));
      expect(await codeOf(attempt)).toBe('display_name_invalid');
    },
  );

  test('an id that is no UUID is nobody', async () => {
    expect(await instance((tx) => findUser(tx, "' or true"))).toBeUndefined();
    const attempt = (): unknown => instance((tx) => changeInstanceRole(tx, ACTOR, 'x', 'admin'));
    expect(await codeOf(attempt)).toBe('user_unknown');
  });

  test('an organization sees its members and no other user', async () => {
    const { org, owner } = await newOrg();
    const stranger = await newUser();
    expect(await inOrg(org.id, (tx) => findUser(tx, owner.id))).toMatchObject({ id: owner.id });
    expect(await inOrg(org.id, (tx) => findUser(tx, stranger.id))).toBeUndefined();
  });

  test('an organization cannot make anyone an administrator of the instance', async () => {
    const { org, owner } = await newOrg();
    const attempt = (): unknown => inOrg(org.id, (tx) => changeInstanceRole(tx, ACTOR, owner.id, 'admin'));
    expect(await codeOf(attempt)).toBe('user_unknown');
    expect(await instance((tx) => findUser(tx, owner.id))).toMatchObject({ instanceRole: 'none' });
  });
});

describe('organizations', () => {
  test('one is made with its owner, found by its slug, and its chain begins', async () => {
    const { org, owner } = await newOrg();
    expect(await instance((tx) => findOrganization(tx, org.slug))).toMatchObject({ id: org.id });
    expect(await inOrg(org.id, (tx) => listMembers(tx, org.id))).toMatchObject([
      { userId: owner.id, role: 'owner' },
    ]);
    expect(await actionsIn(org.id)).toEqual(['org.created', 'member.added']);
    const verdict = await verifyAudit(fixture.database, { kind: 'org', orgId: org.id });
    expect(verdict).toMatchObject({ kind: 'intact', unsealed: 2 });
  });

  test.each([
    ['Upper', 'org_slug_invalid'],
    ['-a', 'org_slug_invalid'],
    ['a--b', 'org_slug_invalid'],
    ['a/b', 'org_slug_invalid'],
    ['', 'org_slug_invalid'],
    ['a'.repeat(40), 'org_slug_invalid'],
    ['__proto__', 'org_slug_invalid'],
    ['instance', 'org_slug_reserved'],
    ['souk', 'org_slug_reserved'],
  ] as const)('the slug %j is refused: %s', async (slug, code) => {
    const owner = await newUser();
    const attempt = (): unknown =>
      instance((tx) => createOrganization(tx, ACTOR, { slug, name: 'X', ownerId: owner.id }));
    expect(await codeOf(attempt)).toBe(code);
  });

  test('of ten who ask for one slug at once, one gets it', async () => {
    const owner = await newUser();
    const asked = Array.from({ length: 10 }, () =>
      instance((tx) => createOrganization(tx, ACTOR, { slug: 'raced', name: 'X', ownerId: owner.id })).then(
        () => 'made',
        (error: { code: string }) => error.code,
      ),
    );
    expect((await Promise.all(asked)).sort()).toEqual([
      'made',
      ...Array.from({ length: 9 }, () => 'org_slug_taken'),
    ]);
  });

  test('the slug never changes, not even by hand', async () => {
    const { org } = await newOrg();
    const update = fixture.superuser.query(`update organization set slug = 'other' where id = $1`, [org.id]);
    await expect(update).rejects.toThrow('never changes');
  });

  test('one organization neither sees nor changes another', async () => {
    const { org } = await newOrg();
    const { org: foreign } = await newOrg();
    expect(await inOrg(org.id, (tx) => findOrganization(tx, foreign.slug))).toBeUndefined();
    expect(await inOrg(org.id, (tx) => listOrganizations(tx, [org.id, foreign.id]))).toHaveLength(1);
    expect(await inOrg(org.id, (tx) => listMembers(tx, foreign.id))).toEqual([]);
    const attempt = (): unknown =>
      inOrg(org.id, (tx) => changeOrganization(tx, ACTOR, foreign.id, { name: 'Taken over' }));
    expect(await codeOf(attempt)).toBe('not_found');
  });

  test('its name and policy change', async () => {
    const { org } = await newOrg();
    await inOrg(org.id, (tx) =>
      changeOrganization(tx, ACTOR, org.id, { name: 'New', unsignedPackages: 'allow' }),
    );
    const found = await instance((tx) => findOrganization(tx, org.slug));
    expect(found).toMatchObject({ name: 'New', unsignedPackages: 'allow' });
  });
});

describe('members', () => {
  test('are added, changed and removed, each in the chain', async () => {
    const { org } = await newOrg();
    const { id: userId } = await newUser();
    const member = { orgId: org.id, userId };
    await inOrg(org.id, (tx) => addMember(tx, ACTOR, { ...member, role: 'member' }));
    await inOrg(org.id, (tx) => setMember(tx, OWNER, { ...member, role: 'admin' }));
    expect(await inOrg(org.id, (tx) => listMembers(tx, org.id))).toMatchObject([
      { role: 'owner' },
      { role: 'admin' },
    ]);
    await inOrg(org.id, (tx) => removeMember(tx, OWNER, member));
    expect((await actionsIn(org.id)).slice(2)).toEqual([
      'member.added',
      'member.role-changed',
      'member.removed',
    ]);
  });

  test('a member twice, one that is none, a user that is none', async () => {
    const { org, owner } = await newOrg();
    const outsider = await newUser();
    const add = (userId: string) => () =>
      inOrg(org.id, (tx) => addMember(tx, ACTOR, { orgId: org.id, userId, role: 'member' }));
    expect(await codeOf(add(owner.id))).toBe('member_exists');
    expect(await codeOf(add(org.id))).toBe('user_unknown');
    expect(await codeOf(add('nobody'))).toBe('user_unknown');
    for (const userId of [outsider.id, 'nobody']) {
      const remove = (): unknown => inOrg(org.id, (tx) => removeMember(tx, OWNER, { orgId: org.id, userId }));
      expect(await codeOf(remove)).toBe('member_unknown');
    }
  });

  test('the last owner stays, also when both of two leave at once', async () => {
    const { org, owner } = await newOrg();
    const remove = (userId: string) => (): Promise<void> =>
      inOrg(org.id, (tx) => removeMember(tx, OWNER, { orgId: org.id, userId }));
    expect(await codeOf(remove(owner.id))).toBe('owner_last');
    const demote = (): unknown =>
      inOrg(org.id, (tx) => setMember(tx, OWNER, { orgId: org.id, userId: owner.id, role: 'member' }));
    expect(await codeOf(demote)).toBe('owner_last');
    const second = await newUser();
    await inOrg(org.id, (tx) => addMember(tx, ACTOR, { orgId: org.id, userId: second.id, role: 'owner' }));
    const left = await Promise.allSettled([remove(owner.id)(), remove(second.id)()]);
    expect(left.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await inOrg(org.id, (tx) => listMembers(tx, org.id))).toHaveLength(1);
  });

  test('an owner is made and unmade by owners alone', async () => {
    const { org, owner } = await newOrg();
    const { id: userId } = await newUser();
    const set = (id: string, role: OrgRole) => (): Promise<void> =>
      inOrg(org.id, (tx) => setMember(tx, ADMIN, { orgId: org.id, userId: id, role }));
    const remove = (): unknown =>
      inOrg(org.id, (tx) => removeMember(tx, ADMIN, { orgId: org.id, userId: owner.id }));
    await set(userId, 'member')();
    expect(await codeOf(set(userId, 'owner'))).toBe('role_missing');
    expect(await codeOf(set(owner.id, 'member'))).toBe('role_missing');
    expect(await codeOf(remove)).toBe('role_missing');
    await inOrg(org.id, (tx) => setMember(tx, OWNER, { orgId: org.id, userId, role: 'owner' }));
    expect(await codeOf(set(userId, 'admin'))).toBe('role_missing');
  });

  test('who becomes an owner while an administrator lets them go stays', async () => {
    const { org } = await newOrg();
    const member = { orgId: org.id, userId: (await newUser()).id };
    await inOrg(org.id, (tx) => setMember(tx, OWNER, { ...member, role: 'member' }));
    const removal = await inOrg(org.id, async (tx) => {
      await setMember(tx, OWNER, { ...member, role: 'owner' });
      const outcome = codeOf(() => inOrg(org.id, (other) => removeMember(other, ADMIN, member)));
      await vi.waitFor(async () => expect(await waitingForLocks()).toBe(1), { timeout: 30_000 });
      return { outcome };
    });
    expect(await removal.outcome).toBe('role_missing');
  });

  test('a member is not added to another organization from within one', async () => {
    const { org, owner } = await newOrg();
    const { org: foreign } = await newOrg();
    const attempt = inOrg(org.id, (tx) =>
      addMember(tx, ACTOR, { orgId: foreign.id, userId: owner.id, role: 'owner' }),
    );
    await expect(attempt).rejects.toThrow(/row-level security/u);
  });
});

describe('publishers', () => {
  test('one is registered for an organization, seen by all, in both chains', async () => {
    const { org } = await newOrg();
    const { org: other } = await newOrg();
    await instance((tx) => registerPublisher(tx, ACTOR, { name: 'kelompok', orgId: org.id }));
    expect(await inOrg(other.id, (tx) => findPublisher(tx, 'kelompok'))).toMatchObject({ orgId: org.id });
    expect(await inOrg(other.id, (tx) => listPublishers(tx, org.id))).toHaveLength(1);
    expect(await actionsIn(org.id)).toContain('publisher.registered');
    const again = (): unknown =>
      instance((tx) => registerPublisher(tx, ACTOR, { name: 'kelompok', orgId: other.id }));
    expect(await codeOf(again)).toBe('publisher_name_taken');
  });

  test.each([
    ['souk', 'publisher_name_reserved'],
    ['core', 'publisher_name_reserved'],
    ['Kelompok', 'publisher_name_invalid'],
    ['kelompok/x', 'publisher_name_invalid'],
    ['constructor\0', 'publisher_name_invalid'],
    ['k'.repeat(40), 'publisher_name_invalid'],
  ] as const)('the name %j is refused: %s', async (name, code) => {
    const { org } = await newOrg();
    expect(await codeOf(() => instance((tx) => registerPublisher(tx, ACTOR, { name, orgId: org.id })))).toBe(
      code,
    );
    expect(await instance((tx) => findPublisher(tx, name))).toBeUndefined();
  });

  test('an organization cannot register one for another', async () => {
    const { org } = await newOrg();
    const { org: foreign } = await newOrg();
    const attempt = inOrg(org.id, (tx) =>
      registerPublisher(tx, ACTOR, { name: 'planted', orgId: foreign.id }),
    );
    await expect(attempt).rejects.toThrow(/row-level security/u);
  });
});
