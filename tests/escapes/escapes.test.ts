/**
 * Every file in `attacks/` is one hostile plugin, run against the real sandbox in a runner of its own.
 *
 * Its first lines say what must come of it: `// outcome: a, b` (one of these), `// answer: <JSON>` (the exact body of an
 * `ok`), `// trigger: health`, `// grants: none`, `// deadlineMs: 300`, `// calls: 2`. Several outcomes stand where it depends on the machine which limit is
 * reached first. After each attack a healthy plugin must answer as if nothing had been.
 */
import { readdirSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createSandbox, type Sandbox } from '../../sandbox/index.ts';
import type { Completion } from '../../sandbox/ports.ts';
import { createTestBed } from '../../sandbox/testing/test-bed.ts';
import { ATTACKS_FOLDER, isWithstood, readAttack } from './expectation.ts';

const HEALTHY = `export default { async fetch(request, host) {
  await host.kv.set('a', 1);
  return Response.json([await host.kv.get('a'), 1 + 1]);
} }`;

const bed = createTestBed();
let sandbox: Sandbox;

beforeAll(async () => {
  // Little processor time, so that those who use it up do so before their deadline on a busy machine as well.
  const limits = { cpuTimeMsMax: 500, wallTimeMsMax: 60_000 };
  sandbox = await createSandbox({
    ...bed.options,
    limits: { endpoint: limits, health: limits },
    sharing: { reviewed: 'installation', trusted: 'installation' },
  });
});
afterAll(() => sandbox.close());

/** The kinds that depend on how V8 runs code; the others behave alike with and without its compilers. */
const ENGINE_KINDS = /^(escape|memory|native|regular)-/u;
const attacks = readdirSync(ATTACKS_FOLDER).sort();
const TIERS = [
  { tier: 'reviewed', names: attacks },
  { tier: 'trusted', names: attacks.filter((name) => ENGINE_KINDS.test(name)) },
] as const;

describe.each(TIERS)('tier $tier', ({ tier, names }) => {
  const healthy = bed.guest({ 'index.js': HEALTHY }, { tier });
  test.each(names)('%s', async (name) => {
    const attack = readAttack(name);
    const grants = attack.grants === 'none' ? [] : [{ name: 'kv' as const }];
    const guest = bed.guest({ 'index.js': attack.source }, { tier, grants });
    const call = (): Promise<Completion> =>
      sandbox.call({
        ...(attack.trigger === 'health' ? bed.invoke(guest, { kind: 'health' }) : bed.get(guest)),
        deadline: performance.now() + attack.deadlineMs,
      });
    for (let before = 1; before < attack.calls; before++) await call();
    const completion = await call();
    const { json } = attack.answer === undefined ? { json: undefined } : bed.read(completion);
    expect(isWithstood(attack, completion.outcome, json), JSON.stringify([completion, json])).toBe(true);
    expect(bed.read(await sandbox.call(bed.get(healthy))).json).toEqual([1, 2]);
  });
});
