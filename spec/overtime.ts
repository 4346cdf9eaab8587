/**
 * Processor time beyond what each piece of work may have. It is lent at once and paid back as time passes: what is slow
 * once in a while is no matter, and what is slow each time cannot have the thread for itself.
 */
export type Overtime = {
  /** Whether so much is owed that no more is lent. */
  isUsedUp(): boolean;
  spend(ms: number): void;
};

export type OvertimeTerms = {
  /** How much may be owed before there is no more. */
  readonly lentMsMax: number;
  /** How much of each millisecond that passes is paid back, from 0 to 1. */
  readonly share: number;
};

/** @param nowMs a monotonic clock in milliseconds */
export function createOvertime({ lentMsMax, share }: OvertimeTerms, nowMs: () => number): Overtime {
  let owedMs = 0;
  let reckonedAtMs = nowMs();
  const reckon = (): void => {
    const now = nowMs();
    owedMs = Math.max(0, owedMs - (now - reckonedAtMs) * share);
    reckonedAtMs = now;
  };
  return {
    isUsedUp() {
      reckon();
      return owedMs >= lentMsMax;
    },
    spend(ms) {
      reckon();
      owedMs += ms;
    },
  };
}
