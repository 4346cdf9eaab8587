/**
 * Which runner a guest runs in.
 *
 * Runners belong to a group: a tier, and within it what `sharing` says may be together. An installation that was at fault,
 * or may have been, goes on in a group of its own. One runner of each tier in use is kept started but empty, so that a
 * first call or a replacement does not wait for a process.
 */
import { RUNNER_LIMITS } from '../../spec/limits.ts';
import type { Guest, TrustTier } from '../ports.ts';
import { evict } from './eviction.ts';
import type { Isolate } from './isolates.ts';
import type { Runner } from './runner.ts';

/** The widest circle that may share one runner; `instance` is everybody, tiers never mix. */
export type SharingScope = 'installation' | 'organization' | 'instance';

/** Only the trusted tier shares a runner between organizations. */
export const DEFAULT_SHARING: Readonly<Record<TrustTier, SharingScope>> = {
  trusted: 'instance',
  reviewed: 'organization',
  unreviewed: 'installation',
};

export type PoolParts = {
  readonly sharing: Readonly<Record<TrustTier, SharingScope>>;
  readonly start: (tier: TrustTier) => Runner;
  /** Runners that hold plugins, beside spares. */
  readonly runnersMax: number;
};

/** @param memoryBytes that the machine, or what contains this process, has */
export function runnersFor(memoryBytes: number): number {
  const { runnerBytesUsual, runnersMin, runnersMax } = RUNNER_LIMITS;
  return Math.max(runnersMin, Math.min(runnersMax, Math.floor(memoryBytes / 2 / runnerBytesUsual)));
}

export class RunnerPool {
  readonly runners = new Set<Runner>();
  readonly #parts: PoolParts;
  readonly #spares = new Map<TrustTier, Runner>();
  readonly #groups = new Map<string, Runner[]>();
  /** Until when (`performance.now()`) an installation stays alone. */
  readonly #alone = new Map<string, number>();
  #isClosed = false;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** Takes in a runner that was started to try the machine out. */
  adoptSpare(runner: Runner): void {
    this.runners.add(runner);
    this.#spares.set(runner.tier, runner);
  }

  /** @returns the runner that has the guest's isolate, or is to have it; undefined while all that there may be are in use */
  runnerFor(guest: Guest): Runner | undefined {
    const group = this.#groupOf(guest);
    const members = this.#groups.get(group) ?? [];
    const home = members.find((runner) => !runner.isClosing && findIsolate(runner, guest) !== undefined);
    if (home) return home;
    const free = members.find((runner) => !runner.isClosing && hasRoom(runner));
    if (free) return free;
    return this.#makeRoom() ? this.#addRunner(group, guest.tier) : undefined;
  }

  /** Each is a process: whoever has many installations, or organizations, would else have as many of them. */
  #makeRoom(): boolean {
    const holders = [...this.runners].filter((runner) => runner.group !== '' && !runner.isClosing);
    if (holders.length < this.#parts.runnersMax) return true;
    const before = performance.now() - RUNNER_LIMITS.unusedMsMin;
    const [longest] = holders
      .filter((runner) => runner.isReady && runner.runs.size === 0 && runner.usedAtMs < before)
      .sort((one, other) => one.usedAtMs - other.usedAtMs);
    longest?.retire();
    return longest !== undefined;
  }

  /** Puts the installation into a group of its own for a while. */
  isolate(installationId: string): void {
    this.#alone.set(installationId, performance.now() + RUNNER_LIMITS.aloneMs);
  }

  /**
   * Does the same for one that is at no fault but in the way, as long as there are not many that are alone: each of
   * them takes a process.
   */
  moveAway(installationId: string): void {
    const now = performance.now();
    for (const [id, untilMs] of this.#alone) if (untilMs <= now) this.#alone.delete(id);
    if (this.#alone.size < RUNNER_LIMITS.movedAwayMax) this.isolate(installationId);
  }

  /** Forgets a runner that ended, and makes up for it where a spare is missing. */
  remove(runner: Runner): void {
    this.runners.delete(runner);
    const members = this.#groups.get(runner.group)?.filter((member) => member !== runner) ?? [];
    if (members.length > 0) this.#groups.set(runner.group, members);
    else this.#groups.delete(runner.group);
    if (this.#spares.get(runner.tier) === runner) this.#spares.delete(runner.tier);
  }

  /** Disposes of isolates that can be spared, then of runners that are left empty. */
  evict(now: number): void {
    for (const runner of this.runners) {
      evict(runner, now);
      const isSpare = runner.group === '';
      if (!isSpare && runner.isolates.size === 0 && now - runner.usedAtMs > RUNNER_LIMITS.emptyMsMax)
        runner.retire();
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const runner of this.runners) runner.retire();
  }

  #groupOf(guest: Guest): string {
    const { installationId, tier } = guest;
    const until = this.#alone.get(installationId) ?? 0;
    if (until > performance.now()) return `${tier}:alone:${installationId}`;
    this.#alone.delete(installationId);
    switch (this.#parts.sharing[tier]) {
      case 'instance':
        return tier;
      case 'organization':
        return `${tier}:organization:${guest.org.id}`;
      case 'installation':
        return `${tier}:installation:${installationId}`;
    }
  }

  #addRunner(group: string, tier: TrustTier): Runner {
    const runner = this.#takeSpare(tier) ?? this.#start(tier);
    runner.group = group;
    runner.usedAtMs = performance.now();
    this.#groups.set(group, [...(this.#groups.get(group) ?? []), runner]);
    setTimeout(() => this.#keepSpare(tier), RUNNER_LIMITS.spareDelayMs).unref();
    return runner;
  }

  #takeSpare(tier: TrustTier): Runner | undefined {
    const spare = this.#spares.get(tier);
    this.#spares.delete(tier);
    return spare?.isClosing ? undefined : spare;
  }

  #keepSpare(tier: TrustTier): void {
    if (this.#isClosed || this.#spares.has(tier)) return;
    try {
      this.#spares.set(tier, this.#start(tier));
    } catch {
      // The system has no room for one now. Who needs a runner starts it, and is told what keeps it from starting.
    }
  }

  #start(tier: TrustTier): Runner {
    const runner = this.#parts.start(tier);
    this.runners.add(runner);
    return runner;
  }
}

/** Half of what the watchdog allows is kept for the runs themselves. */
function hasRoom(runner: Runner): boolean {
  const residentBytes = runner.residentBytes() ?? 0;
  return (
    runner.isolates.size < RUNNER_LIMITS.isolatesMax && residentBytes < RUNNER_LIMITS.residentBytesMax / 2
  );
}

/** @returns the isolate of exactly this installation and code */
export function findIsolate(runner: Runner, guest: Guest): Isolate | undefined {
  for (const isolate of runner.isolatesOf(guest.installationId))
    if (isolate.digest === guest.digest) return isolate;
  return undefined;
}
