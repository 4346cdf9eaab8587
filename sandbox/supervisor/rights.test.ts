/** Every level that this machine could give is really started: it works, or is rejected with a reason. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ISOLATE_LIMITS, RUN_LIMITS } from '../../spec/limits.ts';
import { createBroker } from '../broker/broker.ts';
import { createTestBed } from '../testing/test-bed.ts';
import {
  candidateLevels,
  launchRunner,
  RIGHTS_LEVELS,
  type EngineProfile,
  type RightsLevel,
} from './launch.ts';
import { findRights } from './rights.ts';
import { Runner } from './runner.ts';
import { createRuntimeFiles, type RuntimeFiles } from './runtime-files.ts';

const bed = createTestBed();
let files: RuntimeFiles;
const started: Runner[] = [];

beforeAll(async () => {
  files = await createRuntimeFiles(undefined);
});
afterAll(async () => {
  for (const runner of started) runner.retire();
  await Promise.all(started.map((runner) => runner.ended));
  files.remove();
});

function start(level: RightsLevel, profile: EngineProfile, command?: string): Runner {
  const launch = launchRunner({ files, profile, level, sequence: started.length });
  const runner = new Runner({
    tier: 'reviewed',
    launch: command === undefined ? launch : { ...launch, command },
    boot: { runs: RUN_LIMITS, isolate: ISOLATE_LIMITS },
    guestSource: Buffer.from(files.guestSource),
    broker: createBroker([], bed.options.observer),
    observer: bed.options.observer,
    onNotStarted: () => {},
    onAnswer: () => {},
    onEnd: () => {},
  });
  started.push(runner);
  return runner;
}

test('the best level is the first that works, and what it rejected has reasons', async () => {
  const rights = await findRights((level) => start(level, 'jit'));
  const tried = [...rights.rejected.map(({ level }) => level), rights.level];
  expect(tried).toEqual(candidateLevels(process.getuid?.() === 0).slice(0, tried.length));
  for (const { why } of rights.rejected) expect(why).not.toBe('');
});

describe.each(['jit', 'jitless'] as const)('with the profile %s', (profile) => {
  test('every wall of the permission model stands', async () => {
    await expect(start('permission-model', profile).ready).resolves.toEqual({ missing: [] });
  });
});

test('where the tools are missing, the next level is tried, down to the permission model', async () => {
  const rights = await findRights((level) =>
    start(level, 'jit', level === 'permission-model' ? undefined : '/nowhere/tool'),
  );
  expect(rights.level).toBe('permission-model');
  expect(rights.rejected).toHaveLength(candidateLevels(process.getuid?.() === 0).length - 1);
});

test('only root is offered another user', () => {
  expect(candidateLevels(true)).not.toContain('user-namespaces');
  expect(candidateLevels(false)).not.toContain('other-user');
  expect(RIGHTS_LEVELS.at(-1)).toBe('permission-model');
});
