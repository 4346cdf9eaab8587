/** What the sandbox tells operators about itself. */
import type { TrustTier } from '../ports.ts';
import { RIGHTS_SENTENCES, type RightsLevel } from './launch.ts';
import type { RunnerPool } from './pool.ts';
import type { Strikes } from './strikes.ts';

export type SandboxHealth = {
  /** The process rights of runners, found by trying. */
  readonly level: RightsLevel;
  readonly levelSentence: string;
  /** Better levels that this machine does not give, and what stood in the way. */
  readonly rejectedLevels: readonly { readonly level: RightsLevel; readonly why: string }[];
  readonly unreviewed: 'on' | 'off';
  readonly runners: readonly {
    readonly pid: number;
    readonly tier: TrustTier;
    readonly use: 'spare' | 'guests';
    readonly isolates: number;
    readonly runs: number;
    readonly residentBytes: number | null;
  }[];
  /** Installations that are out of service because they kept killing their runner. */
  readonly breakers: readonly {
    readonly installationId: string;
    readonly reason: string;
    readonly leftMs: number;
  }[];
};

export function describeHealth(parts: {
  readonly level: RightsLevel;
  readonly rejected: SandboxHealth['rejectedLevels'];
  readonly isUnreviewedOff: boolean;
  readonly pool: RunnerPool;
  readonly strikes: Strikes;
}): SandboxHealth {
  const now = performance.now();
  return {
    level: parts.level,
    levelSentence: RIGHTS_SENTENCES[parts.level],
    rejectedLevels: parts.rejected,
    unreviewed: parts.isUnreviewedOff ? 'off' : 'on',
    runners: [...parts.pool.runners].map((runner) => ({
      pid: runner.pid,
      tier: runner.tier,
      use: runner.group === '' ? 'spare' : 'guests',
      isolates: runner.isolates.size,
      runs: runner.runs.size,
      residentBytes: runner.residentBytes() ?? null,
    })),
    breakers: parts.strikes.open.map(({ installationId, reason, untilMs }) => ({
      installationId,
      reason,
      leftMs: Math.max(0, Math.ceil(untilMs - now)),
    })),
  };
}
