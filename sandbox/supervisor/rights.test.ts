/** Every level that this machine could give is really started: it works, or is rejected with a reason. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

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
import { innermostProcess } from './process-usage.ts';
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
    grantsOf: undefined,
    onHog: () => {},
    onEnd: () => {},
  });
  started.push(runner);
  return runner;
}

test('the best level is the first that works, and what it rejected has reasons', async () => {
  const rights = await findRights((level) => start(level, 'jit'));
  const tried = [...rights.rejected.map(({ level }) => level), rights.level];
  expect(tried).toEqual(candidateLevels().slice(0, tried.length));
  for (const { why } of rights.rejected) expect(why).not.toBe('');
});

describe.each(['jit', 'jitless'] as const)('with the profile %s', (profile) => {
  test('every wall of the permission model stands', async () => {
    await expect(start('permission-model', profile).ready).resolves.toEqual({ missing: [] });
  });
});

type Rights = {
  readonly ownUser: boolean;
  readonly noCapabilities: boolean;
  readonly ownNamespaces: boolean;
};
const ALL_TAKEN: Rights = { ownUser: true, noCapabilities: true, ownNamespaces: true };

/** What the system itself says of each level that has a tool, where this machine gives it. */
const EXPECTED: readonly (readonly [RightsLevel, Rights])[] = [
  ['namespaces', ALL_TAKEN],
  ['user-namespaces', { ...ALL_TAKEN, ownUser: false }],
  ['other-user', { ...ALL_TAKEN, ownNamespaces: false }],
];

/** The best level, where the system itself says that it gives it. */
const BEST_HERE: RightsLevel | undefined = bestHere();

function bestHere(): RightsLevel | undefined {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? [] : ['--user', '--map-current-user'];
  const tried = spawnSync('unshare', [
    ...user,
    '--net',
    '--pid',
    '--mount',
    '--mount-proc',
    '--fork',
    'true',
  ]);
  if (tried.status !== 0) return undefined;
  return isRoot ? 'namespaces' : 'user-namespaces';
}

function rightsOf(pid: number): Rights & { readonly noNewPrivileges: boolean } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'mu').exec(status)?.[1] ?? '';
  const isOwn = (kind: string): boolean =>
    readlinkSync(`/proc/${pid}/ns/${kind}`) !== readlinkSync(`/proc/self/ns/${kind}`);
  return {
    ownUser: Number(field('Uid')) !== process.getuid?.(),
    noCapabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].every((name) =>
      /^0+$/u.test(field(name)),
    ),
    ownNamespaces: ['net', 'pid', 'ipc', 'mnt', 'uts'].every(isOwn),
    noNewPrivileges: field('NoNewPrivs') === '1',
  };
}

/** @returns the runner's process, or undefined where the machine does not give this level */
async function startAt(level: RightsLevel): Promise<number | undefined> {
  if (!candidateLevels().includes(level)) return undefined;
  const runner = start(level, 'jit');
  return runner.ready.then(
    ({ missing }) => {
      expect(missing).toEqual([]);
      return innermostProcess(runner.pid);
    },
    () => undefined,
  );
}

describe.runIf(process.platform === 'linux')('as the system sees it', () => {
  test.each(EXPECTED)('%s', async (level, expected) => {
    const pid = await startAt(level);
    if (level === BEST_HERE)
      expect(pid, 'this machine gives the level, so a runner starts at it').toBeDefined();
    if (pid !== undefined) expect(rightsOf(pid)).toEqual({ ...expected, noNewPrivileges: true });
  });

  test('no-new-privileges, and the resource limits that every level but the last has', async () => {
    const pid = await startAt('no-new-privileges');
    if (pid === undefined) return;
    expect(rightsOf(pid)).toMatchObject({ ownUser: false, ownNamespaces: false, noNewPrivileges: true });
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    expect(limits).toMatch(/^Max open files +64 +64 /mu);
    expect(limits).toMatch(/^Max core file size +0 +0 /mu);
  });
});

test('where the tools are missing, the next level is tried, down to the permission model', async () => {
  const rights = await findRights((level) =>
    start(level, 'jit', level === 'permission-model' ? undefined : '/nowhere/tool'),
  );
  expect(rights.level).toBe('permission-model');
  expect(rights.rejected).toHaveLength(candidateLevels().length - 1);
});

test('only root is offered another user', () => {
  expect(candidateLevels('root')).not.toContain('user-namespaces');
  expect(candidateLevels('ordinary')).not.toContain('other-user');
  expect(RIGHTS_LEVELS.at(-1)).toBe('permission-model');
});
