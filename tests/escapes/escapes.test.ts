/**
 * Every file in `attacks/` is one hostile plugin, run against the real sandbox in a runner of its own.
 *
 * Its first lines say what must come of it: `// outcome: a, b` (one of these), `// answer: <JSON>` (the exact body of an
 * `ok`), `// trigger: health`, `// grants: none`, `// deadlineMs: 300`. Several outcomes stand where it depends on the machine which limit is
 * reached first. After each attack a healthy plugin must answer as if nothing had been.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createSandbox, type Sandbox } from '../../sandbox/index.ts';
import { createTestBed } from '../../sandbox/testing/test-bed.ts';

const FOLDER = join(import.meta.dirname, 'attacks');
const HEALTHY = `export default { async fetch(request, host) {
  await host.kv.set('a', 1);
  return Response.json([await host.kv.get('a'), 1 + 1]);
} }`;

const bed = createTestBed();
let sandbox: Sandbox;

beforeAll(async () => {
  // Little processor time, so that those who use it up do so before their deadline on a busy machine as well.
  const limits = { cpuTimeMsMax: 500 };
  sandbox = await createSandbox({
    ...bed.options,
    limits: { endpoint: limits, health: limits },
    sharing: { reviewed: 'installation', trusted: 'installation' },
  });
});
afterAll(() => sandbox.close());

function readExpectation(source: string): { outcomes: string[]; answer: string | undefined; header: string } {
  const header = source
    .split('\n')
    .filter((line) => line.startsWith('// '))
    .join('\n');
  const field = (name: string): string | undefined =>
    new RegExp(`^// ${name}: (.*)$`, 'mu').exec(header)?.[1];
  return { outcomes: (field('outcome') ?? '').split(', '), answer: field('answer'), header };
}

/** The kinds that depend on how V8 runs code; the others behave alike with and without its compilers. */
const ENGINE_KINDS = /^(escape|memory|native|regular)-/u;
const attacks = readdirSync(FOLDER).sort();
const TIERS = [
  { tier: 'reviewed', names: attacks },
  { tier: 'trusted', names: attacks.filter((name) => ENGINE_KINDS.test(name)) },
] as const;

describe.each(TIERS)('tier $tier', ({ tier, names }) => {
  const healthy = bed.guest({ 'index.js': HEALTHY }, { tier });
  test.each(names)('%s', async (name) => {
    const source = readFileSync(join(FOLDER, name), 'utf8');
    const { outcomes, answer, header } = readExpectation(source);
    const grants = header.includes('// grants: none') ? [] : [{ name: 'kv' as const }];
    const guest = bed.guest({ 'index.js': source }, { tier, grants });
    const invocation = header.includes('// trigger: health')
      ? bed.invoke(guest, { kind: 'health' })
      : bed.get(guest);
    const deadline = performance.now() + Number(/^\/\/ deadlineMs: (.*)$/mu.exec(header)?.[1] ?? 4_000);
    const completion = await sandbox.call({ ...invocation, deadline });
    expect(outcomes, JSON.stringify(completion)).toContain(completion.outcome);
    if (answer !== undefined) expect(bed.read(completion).json).toEqual(JSON.parse(answer));
    expect(bed.read(await sandbox.call(bed.get(healthy))).json).toEqual([1, 2]);
  });
});
