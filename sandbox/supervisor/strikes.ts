/** Installations that keep killing their runner are taken out of service: alone, for a while, with the reason shown. */
import { STRIKE_LIMITS } from '../../spec/limits.ts';

export type Breaker = {
  readonly installationId: string;
  /** `performance.now()` at which the next call is let through. */
  readonly untilMs: number;
  readonly reason: string;
};

export type Strikes = {
  /** Records that the installation made its runner die. */
  strike(installationId: string, reason: string): void;
  /** @returns the open breaker, if calls must be refused now */
  find(installationId: string): Breaker | undefined;
  /** A new version, or an administrator, starts afresh. */
  forgive(installationId: string): void;
  readonly open: readonly Breaker[];
};

type InstallationRecord = { kills: number[]; breakerMs: number; breaker: Breaker | undefined };

/** @param now milliseconds of a clock that never goes back */
export function createStrikes(now: () => number = () => performance.now()): Strikes {
  const records = new Map<string, InstallationRecord>();
  const isOpen = (record: InstallationRecord | undefined): boolean => (record?.breaker?.untilMs ?? 0) > now();
  return {
    strike(installationId, reason) {
      const at = now();
      const record = records.get(installationId) ?? { kills: [], breakerMs: 0, breaker: undefined };
      records.set(installationId, record);
      record.kills = [...record.kills.filter((kill) => at - kill < STRIKE_LIMITS.windowMs), at];
      if (record.kills.length < STRIKE_LIMITS.killsMax) return;
      const doubledMs = Math.max(STRIKE_LIMITS.breakerMsMin, record.breakerMs * 2);
      record.breakerMs = Math.min(STRIKE_LIMITS.breakerMsMax, doubledMs);
      // One more kill after the pause opens the breaker again, for longer.
      record.kills = record.kills.slice(-(STRIKE_LIMITS.killsMax - 1));
      record.breaker = { installationId, untilMs: at + record.breakerMs, reason };
    },
    find(installationId) {
      const record = records.get(installationId);
      return isOpen(record) ? record?.breaker : undefined;
    },
    forgive: (installationId) => void records.delete(installationId),
    get open() {
      return [...records.values()].flatMap((record) =>
        record.breaker && isOpen(record) ? [record.breaker] : [],
      );
    },
  };
}
