/**
 * The gravest attacks of `tests/escapes`, against a host that has no defence: each must get through there, or its test
 * would not see it get through the sandbox.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, test } from 'vitest';

import { isWithstood, readAttack } from '../escapes/expectation.ts';

const NEIGHBOUR = 'export default { fetch: () => Response.json("hello") };';
const FLAGS = [
  '--disable-warning=ExperimentalWarning',
  '--experimental-vm-modules',
  '--max-old-space-size=64',
];
/** After this long it hangs; what is expected to end gets more, for busy machines. */
const HANG_MS = 3_000;
const SLOW_MS = 60_000;

/** `answered`: the attack has an answer that it must not have. */
type End = 'answered' | 'hung' | 'died';

const ATTACKS: readonly (readonly [name: string, end: End])[] = [
  ['escape-through-constructor.js', 'answered'],
  ['escape-through-errors.js', 'answered'],
  ['import-of-node.js', 'answered'],
  ['no-dynamic-import.js', 'answered'],
  ['no-shared-memory.js', 'answered'],
  ['changed-host-object.js', 'answered'],
  ['forged-run.js', 'answered'],
  ['denied-permission.js', 'answered'],
  ['async-stack-of-host-call.js', 'answered'],
  ['huge-answer.js', 'answered'],
  ['endless-loop.js', 'hung'],
  ['memory-of-arrays.js', 'died'],
  ['native-loop-sort.js', 'died'],
];

type Line = { readonly outcome: string; readonly json: unknown };

/** Runs the attack, then a neighbour that only answers, in one process of its own. */
async function runWeakly(
  source: string,
  calls: number,
  patienceMs: number,
): Promise<{ lines: Line[]; end: End }> {
  const child = spawn(process.execPath, [...FLAGS, join(import.meta.dirname, 'main.ts')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let end = 'answered' as End;
  const hang = setTimeout(() => {
    end = 'hung';
    child.kill('SIGKILL');
  }, patienceMs);
  child.stdin.end(JSON.stringify({ source, calls, neighbour: NEIGHBOUR }));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = await text(child.stdout);
  const code = await exited;
  clearTimeout(hang);
  const lines = output.trim().split('\n').filter(Boolean);
  if (end !== 'hung' && code !== 0) end = 'died';
  return { lines: lines.map((line) => JSON.parse(line) as Line), end };
}

test('a plugin that does no harm is served by the weak host as by the sandbox', async () => {
  const harmless = `export default { async fetch(request, host) {
    await host.kv.set('a', 1);
    return Response.json([await host.kv.get('a'), host.caller.kind]);
  } }`;
  const { lines, end } = await runWeakly(harmless, 1, SLOW_MS);
  expect({ lines, end }).toEqual({
    lines: [
      { outcome: 'ok', json: [1, 'anonymous'] },
      { outcome: 'ok', json: 'hello' },
    ],
    end: 'answered',
  });
});

test.each(ATTACKS)('%s succeeds: %s', async (name, expected) => {
  const attack = readAttack(name);
  const { lines, end } = await runWeakly(
    attack.source,
    attack.calls,
    expected === 'hung' ? HANG_MS : SLOW_MS,
  );
  expect({ end, lines: lines.length }).toEqual({ end: expected, lines: expected === 'answered' ? 2 : 0 });
  const [first] = lines;
  if (first) expect(isWithstood(attack, first.outcome, first.json), JSON.stringify(first)).toBe(false);
});
