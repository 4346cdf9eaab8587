/** How much work one resolution may cost, and the meter that stops it. */
import { Refusal } from '../../spec/refusal.ts';

/** Milliseconds of any monotonic clock; `performance` fits. */
type Clock = { now(): number };

export type ResolutionBudget = {
  /** Units of work: one incompatibility looked at, one range matched, one edge walked. Some millions fit a second. */
  readonly stepsMax: number;
  readonly wallTimeMsMax: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
};

/** For one request. 200 levels of 100 versions, all dead ends with ranges of their own, take 14 million steps. */
export const RESOLUTION_BUDGET_DEFAULT: ResolutionBudget = {
  stepsMax: 50_000_000,
  wallTimeMsMax: 10_000,
  clock: performance,
};

/** Steps between two looks at the clock and the signal. */
const STEPS_PER_LOOK = 1_024;

/** Counts steps and throws the refusal when the budget is used up or the caller has gone. */
export class Meter {
  readonly #budget: ResolutionBudget;
  readonly #startMs: number;
  #steps = 0;
  #nextLook = 0;

  constructor(budget: ResolutionBudget) {
    this.#budget = budget;
    this.#startMs = budget.clock.now();
  }

  get steps(): number {
    return this.#steps;
  }

  /**
   * Charges `steps` units of work.
   * @throws Refusal `resolution_budget_exceeded` or `resolution_canceled`
   */
  charge(steps: number): void {
    this.#steps += steps;
    if (this.#steps >= this.#nextLook) this.look();
  }

  /**
   * Looks at the clock and the signal now; to be called after waiting for something.
   * @throws Refusal as `charge`
   */
  look(): void {
    this.#nextLook = this.#steps + STEPS_PER_LOOK;
    const { signal, stepsMax, wallTimeMsMax, clock } = this.#budget;
    if (signal?.aborted === true) {
      throw new Refusal('resolution_canceled', { detail: 'The caller canceled the resolution.' });
    }
    // Written so that a budget of NaN is used up at once.
    if (!(this.#steps <= stepsMax)) throw exceeded(`${stepsMax} steps of work`);
    if (!(clock.now() - this.#startMs <= wallTimeMsMax)) throw exceeded(`${wallTimeMsMax} ms`);
  }
}

/** @returns the refusal of a resolution that needs more than `allowance`. */
export function exceeded(allowance: string): Refusal {
  return new Refusal('resolution_budget_exceeded', { detail: `Resolving needs more than ${allowance}.` });
}
