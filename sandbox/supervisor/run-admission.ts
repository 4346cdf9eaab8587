/** Where a run counts while it is in flight: among all runs, those whose bodies come in pieces, or those of upkeep. */
import { RUNNER_LIMITS, STREAM_LIMITS, UPKEEP_LIMITS } from '../../spec/limits.ts';
import { createAdmission, type Admission } from './admission.ts';
import type { Failure, Run } from './run.ts';

export class RunAdmission {
  readonly #whole: Admission;
  /** Runs whose bodies come in pieces have shares of their own. */
  readonly #inPieces: Admission = createAdmission(STREAM_LIMITS);
  /** Activation, health and their like, or a plugin that is called all the time could not be upgraded or stopped. */
  readonly #upkeep: Admission;

  /** @param organizationMaxOf the share of an organization, where it is not that of all */
  constructor(organizationMaxOf: ((orgId: string) => number) | undefined) {
    this.#whole = createAdmission(RUNNER_LIMITS, organizationMaxOf);
    const { runsPerOrganizationMax } = UPKEEP_LIMITS;
    this.#upkeep = createAdmission(UPKEEP_LIMITS, (orgId) =>
      Math.min(runsPerOrganizationMax, organizationMaxOf?.(orgId) ?? runsPerOrganizationMax),
    );
  }

  get inFlight(): number {
    return this.#whole.inFlight + this.#inPieces.inFlight + this.#upkeep.inFlight;
  }

  /** @returns why the run must be shed; undefined when it was counted in */
  enter(run: Run): Failure | undefined {
    const admission = this.#admissionOf(run);
    const refusal = admission.enter(run.invocation.guest);
    if (!refusal) run.admission = admission;
    return refusal;
  }

  #admissionOf({ invocation, inflow }: Run): Admission {
    if (invocation.trigger.kind === 'lifecycle' || invocation.trigger.kind === 'health') return this.#upkeep;
    return inflow ? this.#inPieces : this.#whole;
  }

  /** Its answer begins to come in pieces. @returns why the run must not go on, if so */
  enterPieces(run: Run): Failure | undefined {
    if (run.admission !== this.#whole) return undefined;
    const refusal = this.#inPieces.enter(run.invocation.guest);
    if (refusal) return refusal;
    this.#whole.leave(run.invocation.guest);
    run.admission = this.#inPieces;
    return undefined;
  }
}
