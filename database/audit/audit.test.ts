import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import type { Scope } from '../transaction.ts';
import { appendAudit } from './append.ts';
import { AUDIT_ENTITIES } from './entities.ts';
import { startSealer, type Sealer } from './sealer.ts';
import { verifyAudit } from './verify.ts';

let fixture: TestDatabase;
let sealer: Sealer;

beforeAll(async () => {
  fixture = await startTestDatabase([...AUDIT_ENTITIES]);
  const scope = { kind: 'instance' } as const;
  await append(scope, 'thing:0');
  sealer = startSealer(fixture.database, 3_600_000);
  // It begins with a round of its own, which is over by then: what is not to be sealed yet stays unsealed.
  const verdict = () => verifyAudit(fixture.database, scope);
  await vi.waitFor(async () => expect(await verdict()).toMatchObject({ length: 1, unsealed: 0 }), 60_000);
});

afterAll(async () => {
  await sealer.close();
  await fixture.drop();
});

/** A chain of `count` sealed entries, of an organization of its own. */
async function sealedChain(count: number): Promise<Scope & { kind: 'org' }> {
  const scope = { kind: 'org', orgId: randomUUIDv7() } as const;
  for (let index = 1; index <= count; index += 1) await append(scope, `thing:${index}`);
  await sealer.seal();
  return scope;
}

async function append(scope: Scope, subject: string): Promise<string> {
  return fixture.database.transaction(scope, (tx) =>
    appendAudit(tx, { scope, actor: { kind: 'system', name: 'test' }, action: 'thing.made', subject }),
  );
}

/** Constraints are in the way of some tricks; who can drop a trigger can drop them. */
async function dropConstraints(): Promise<void> {
  for (const name of ['audit_entry_position_unique', 'audit_entry_chain_check']) {
    await fixture.superuser.query(`alter table audit_entry drop constraint if exists ${name}`);
  }
}

/** As somebody who has the database's files would: triggers and constraints do not apply. */
async function tamper(sql: string, values: unknown[]): Promise<void> {
  await fixture.superuser.query(`set session_replication_role = 'replica'`);
  const { rowCount } = await fixture.superuser.query(sql, values);
  await fixture.superuser.query(`set session_replication_role = 'origin'`);
  expect(rowCount).toBeGreaterThan(0);
}

test('a chain that nobody touched is intact, and an entry that was rolled back is not in it', async () => {
  const scope = await sealedChain(5);
  const failing = fixture.database.transaction(scope, async (tx) => {
    await appendAudit(tx, { scope, actor: { kind: 'anonymous' }, action: 'thing.lost', subject: 'x' });
    throw new TypeError('on purpose');
  });
  await expect(failing).rejects.toThrow('on purpose');
  await sealer.seal();
  expect(await verifyAudit(fixture.database, scope)).toMatchObject({
    kind: 'intact',
    length: 5,
    unsealed: 0,
  });
});

test('the chain of nothing is intact', async () => {
  const scope = { kind: 'org', orgId: randomUUIDv7() } as const;
  expect(await verifyAudit(fixture.database, scope)).toMatchObject({ kind: 'intact', length: 0 });
});

test('what is not sealed yet is counted', async () => {
  const scope = await sealedChain(1);
  await append(scope, 'thing:2');
  expect(await verifyAudit(fixture.database, scope)).toMatchObject({
    kind: 'intact',
    length: 1,
    unsealed: 1,
  });
});

test('more entries than one page and one batch are sealed and verified', async () => {
  const scope = { kind: 'org', orgId: randomUUIDv7() } as const;
  await fixture.database.transaction(scope, async (tx) => {
    for (let index = 0; index < 1_203; index += 1) {
      await appendAudit(tx, {
        scope,
        actor: { kind: 'anonymous' },
        action: 'thing.made',
        subject: `${index}`,
      });
    }
  });
  await sealer.seal();
  expect(await verifyAudit(fixture.database, scope)).toMatchObject({ kind: 'intact', length: 1_203 });
});

test('several servers that write and seal at once make one chain without gaps', async () => {
  const scope = { kind: 'org', orgId: randomUUIDv7() } as const;
  const second = await fixture.open();
  const other = startSealer(second, 1);
  await Promise.all(
    Array.from({ length: 60 }, (_, index) => append(scope, `${index}`).then(() => sealer.seal())),
  );
  await other.close();
  await sealer.seal();
  expect(await verifyAudit(fixture.database, scope)).toMatchObject({
    kind: 'intact',
    length: 60,
    unsealed: 0,
  });
});

test('what a stranger wrote in a subject or detail is stored and verified', async () => {
  const scope = { kind: 'org', orgId: randomUUIDv7() } as const;
  await fixture.database.transaction(scope, (tx) =>
    appendAudit(tx, {
      scope,
      actor: { kind: 'anonymous' },
      action: 'package.refused',
      subject: `nul \0, half a pair \uD800, a question mark ? and '; drop table audit_entry; --${'x'.repeat(2_000)}`,
      detail: { pointer: '\0\uDFFF', quote: `\\'"`, long: 'y'.repeat(100_000) },
    }),
  );
  await sealer.seal();
  expect(await verifyAudit(fixture.database, scope)).toMatchObject({ kind: 'intact', length: 1 });
});

describe('the database refuses', () => {
  test.each([
    ['an update', `update audit_entry set subject = 'other' where org_id = $1`],
    ['a deletion', `delete from audit_entry where org_id = $1`],
    [
      'taking a seal off',
      `update audit_entry set position = null, hash = null, previous_hash = null where org_id = $1`,
    ],
  ])('%s of a sealed entry, from the superuser too', async (_, sql) => {
    const { orgId } = await sealedChain(2);
    await expect(fixture.superuser.query(sql, [orgId])).rejects.toThrow('append-only');
  });

  test('an update of an entry that is not sealed', async () => {
    const id = await append({ kind: 'instance' }, 'thing:1');
    const update = fixture.superuser.query(`update audit_entry set subject = 'other' where id = $1`, [id]);
    await expect(update).rejects.toThrow('append-only');
  });

  test('truncating', async () => {
    await expect(fixture.superuser.query('truncate audit_entry')).rejects.toThrow('append-only');
  });

  test("writing another organization's chain", async () => {
    const own = { kind: 'org', orgId: randomUUIDv7() } as const;
    const foreign = { kind: 'org', orgId: randomUUIDv7() } as const;
    const writing = fixture.database.transaction(own, (tx) =>
      appendAudit(tx, { scope: foreign, actor: { kind: 'anonymous' }, action: 'thing.made', subject: 'x' }),
    );
    await expect(writing).rejects.toThrow(/row-level security/u);
  });
});

describe('verification finds', () => {
  beforeAll(dropConstraints);

  test.each([
    [
      'a changed subject',
      `update audit_entry set subject = 'other' where org_id = $1 and position = 3`,
      'changed',
      3,
    ],
    [
      'a changed time',
      `update audit_entry set occurred_at = occurred_at + interval '1 ms' where org_id = $1 and position = 2`,
      'changed',
      2,
    ],
    [
      'a changed seal',
      `update audit_entry set hash = sha256('x') where org_id = $1 and position = 2`,
      'changed',
      2,
    ],
    ['a removed entry', `delete from audit_entry where org_id = $1 and position = 4`, 'removed', 4],
    ['a removed beginning', `delete from audit_entry where org_id = $1 and position = 1`, 'removed', 1],
    ['a removed end', `delete from audit_entry where org_id = $1 and position >= 5`, 'removed', 5],
    ['all removed', `delete from audit_entry where org_id = $1`, 'removed', 1],
    [
      'a seal taken off',
      `update audit_entry set position = null, hash = null, previous_hash = null where org_id = $1 and position = 2`,
      'removed',
      2,
    ],
    [
      'an entry moved to the instance',
      `update audit_entry set org_id = null where org_id = $1 and position = 2`,
      'removed',
      2,
    ],
    [
      'two entries that changed places',
      `update audit_entry set position = 5 - position where org_id = $1 and position in (2, 3)`,
      'changed',
      2,
    ],
    ['a head set back', `update audit_head set length = 4 where org_id = $1`, 'inserted', 5],
    ['a changed head', `update audit_head set hash = sha256('x') where org_id = $1`, 'rewritten', 5],
  ])('%s', async (_, sql, finding, position) => {
    const scope = await sealedChain(5);
    await tamper(sql, [scope.orgId]);
    expect(await verifyAudit(fixture.database, scope)).toMatchObject({ kind: 'broken', finding, position });
  });

  test.each([
    ['in the middle', 3],
    ['at the end', 6],
    ['before the beginning', 0],
  ])('an entry inserted %s', async (_, position) => {
    const scope = await sealedChain(5);
    await tamper(
      `insert into audit_entry select 'ffffffff-ffff-7fff-8fff-' || lpad($2::text, 12, '0'), chain, org_id, occurred_at,
         actor, action, 'planted', detail, $2::bigint, previous_hash, hash
         from audit_entry where org_id = $1 and position = 3`
        .replace("'ffffffff", "('ffffffff")
        .replace("'0'),", "'0'))::uuid,"),
      [scope.orgId, position],
    );
    expect(await verifyAudit(fixture.database, scope)).toMatchObject({
      kind: 'broken',
      finding: 'inserted',
      position,
    });
  });

  test('a chain rewritten as a whole with its head, by a hash that was noted', async () => {
    const scope = await sealedChain(3);
    const before = await verifyAudit(fixture.database, scope);
    if (before.kind !== 'intact') throw new TypeError('the chain was intact');
    const anchor = { position: before.length, hashHex: before.headHashHex };
    await tamper(
      `update audit_entry set subject = 'other', position = null, hash = null, previous_hash = null where org_id = $1`,
      [scope.orgId],
    );
    await tamper('delete from audit_head where org_id = $1', [scope.orgId]);
    await sealer.seal();
    expect(await verifyAudit(fixture.database, scope)).toMatchObject({ kind: 'intact' });
    expect(await verifyAudit(fixture.database, scope, anchor)).toMatchObject({
      kind: 'broken',
      finding: 'rewritten',
    });
    const longer = { ...anchor, position: 9 };
    expect(await verifyAudit(fixture.database, scope, longer)).toMatchObject({
      finding: 'removed',
      position: 4,
    });
  });
});
