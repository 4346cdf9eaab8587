/** Finds the best level of process rights that this machine gives, by starting a real runner with each. */
import { readFileSync, readlinkSync } from 'node:fs';

import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import { candidateLevels, type RightsLevel } from './launch.ts';
import { innermostProcess } from './process-usage.ts';
import type { Runner } from './runner.ts';

export type Rights = {
  readonly level: RightsLevel;
  /** The runner that proved it; empty, ready, of no group yet. */
  readonly runner: Runner;
  /** Levels that do not work here, with what stood in the way. */
  readonly rejected: readonly { readonly level: RightsLevel; readonly why: string }[];
};

/** @throws Fault when no runner starts at any level */
export async function findRights(start: (level: RightsLevel) => Runner): Promise<Rights> {
  const levels: RightsLevel[] = process.platform === 'linux' ? candidateLevels() : ['permission-model'];
  const rejected: { level: RightsLevel; why: string }[] = [];
  for (const level of levels) {
    const runner = start(level);
    const why = await findFlaw(runner, level);
    if (why === undefined) return { level, runner, rejected };
    rejected.push({ level, why });
    runner.retire();
  }
  const reasons = rejected.map(({ level, why }) => `${level}: ${why}`).join('; ');
  throw new Fault(`no runner starts on this machine (${reasons})`);
}

/** @returns what is wrong with the runner at this level; undefined when all its walls stand */
async function findFlaw(runner: Runner, level: RightsLevel): Promise<string | undefined> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Fault('it did not start in time')),
    RUNNER_LIMITS.startMsMax,
  );
  try {
    const { missing } = await Promise.race([runner.ready, late.promise]);
    if (missing.length > 0) return `the runner got through its walls: ${missing.join(', ')}`;
    return process.platform === 'linux' ? findMissingRight(innermostProcess(runner.pid), level) : undefined;
  } catch (error) {
    return runner.lastWords || (error instanceof Error ? error.message : 'it did not start');
  } finally {
    clearTimeout(timer);
  }
}

/** What the kernel says about the process, against what the level promises. */
function findMissingRight(pid: number, level: RightsLevel): string | undefined {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'mu').exec(status)?.[1] ?? '';
  const isApart = (kind: string): boolean =>
    readlinkSync(`/proc/${pid}/ns/${kind}`) !== readlinkSync(`/proc/self/ns/${kind}`);
  const promises: Readonly<Record<RightsLevel, readonly string[]>> = {
    namespaces: ['privileges', 'user', 'capabilities', 'namespaces'],
    'user-namespaces': ['privileges', 'capabilities', 'namespaces'],
    'other-user': ['privileges', 'user', 'capabilities'],
    'no-new-privileges': ['privileges'],
    'permission-model': [],
  };
  const holds: Readonly<Record<string, () => boolean>> = {
    privileges: () => field('NoNewPrivs') === '1',
    user: () => Number(field('Uid')) !== process.getuid?.(),
    capabilities: () => /^0+$/u.test(field('CapEff')),
    namespaces: () => ['net', 'pid', 'ipc', 'mnt'].every(isApart),
  };
  const broken = promises[level].find((promise) => !holds[promise]?.());
  return broken === undefined ? undefined : `the kernel does not confirm: ${broken}`;
}
