import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startFixture, type Fixture } from '../../tests/support/installations.ts';
import type { Database } from '../../database/index.ts';
import { openOrganizationLimits, LIMIT_ENTITIES } from './index.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture(LIMIT_ENTITIES);
});

afterAll(() => fixture.close());

const ACTOR = { kind: 'system', name: 'test' } as const;
const RATES = { readsPerMinuteMax: 0, writesPerMinuteMax: 0 };
const NONE = {
  kvKeysMax: null,
  kvBytesMax: null,
  runsMax: null,
  readsPerMinuteMax: null,
  writesPerMinuteMax: null,
};

/** Of what comes next on behalf of the instance, a write and the read that follows it, the answer to the read waits. */
function holdNextRead(database: Database): { database: Database; isHeld(): boolean; letGo(): void } {
  const gate = Promise.withResolvers<void>();
  let begun = 0;
  let isHeld = false;
  const transaction: Database['transaction'] = async (scope, work, options) => {
    const isTheRead = scope.kind === 'instance' && (begun += 1) === 2;
    const answer = await database.transaction(scope, work, options);
    if (!isTheRead) return answer;
    isHeld = true;
    await gate.promise;
    return answer;
  };
  return { database: { ...database, transaction }, isHeld: () => isHeld, letGo: () => gate.resolve() };
}

it('a decision that was read before a newer one was made does not take its place', async () => {
  const { id } = await fixture.org('club');
  const { database } = fixture;
  let held: ReturnType<typeof holdNextRead> | undefined;
  const port: Database = {
    ...database,
    transaction: (...call) => (held?.database ?? database).transaction(...call),
  };
  const limits = await openOrganizationLimits(port, RATES, (error) => expect.unreachable(String(error)));
  held = holdNextRead(database);
  const first = limits.set(id, ACTOR, { ...NONE, kvKeysMax: 2 });
  await vi.waitFor(() => expect(held.isHeld()).toBe(true), 20_000);
  const second = limits.set(id, ACTOR, { ...NONE, kvKeysMax: 3 });
  await vi.waitFor(async () => expect((await limits.read(id)).inForce.kvKeysMax).toBe(3), 20_000);
  held.letGo();
  await Promise.all([first, second]);
  await new Promise(setImmediate);
  expect(limits.of(id).kvKeysMax).toBe(3);
  limits.close();
});
