/** How much of a runner's time each installation takes: many short steps keep the neighbours waiting as a long one does. */
import { RUNNER_LIMITS } from '../../spec/limits.ts';

/** Processor time of one installation in one runner, within the present window. */
export class Spending {
  #windowFromMs = performance.now();
  #spentMs = 0;

  get windowFromMs(): number {
    return this.#windowFromMs;
  }

  /**
   * @param cpuMs processor time of what has ended now
   * @param sinceMs `performance.now()` when it began: of what lasted for longer than a window its share counts
   * @returns whether the installation takes so much that its neighbours notice, be each step ever so short
   */
  note(cpuMs: number, sinceMs: number): 'ordinary' | 'greedy' {
    const { neighbourWindowMs, neighbourWindowCpuMsMax } = RUNNER_LIMITS;
    const now = performance.now();
    if (now - this.#windowFromMs > neighbourWindowMs) {
      this.#windowFromMs = now;
      this.#spentMs = 0;
    }
    const lastedMs = now - sinceMs;
    this.#spentMs += lastedMs > neighbourWindowMs ? (cpuMs * neighbourWindowMs) / lastedMs : cpuMs;
    return this.#spentMs > neighbourWindowCpuMsMax ? 'greedy' : 'ordinary';
  }
}

/** Those of one runner. An isolate that is gone leaves its installation's behind, for the next one to go on with. */
export class Spendings {
  readonly #byInstallation = new Map<string, Spending>();

  /** Asked once for each isolate that is loaded. */
  of(installationId: string): Spending {
    const known = this.#byInstallation.get(installationId);
    if (known) return known;
    this.#forgetIdle();
    const spending = new Spending();
    this.#byInstallation.set(installationId, spending);
    return spending;
  }

  #forgetIdle(): void {
    if (this.#byInstallation.size < RUNNER_LIMITS.isolatesMax) return;
    const before = performance.now() - RUNNER_LIMITS.neighbourWindowMs;
    for (const [id, { windowFromMs }] of this.#byInstallation)
      if (windowFromMs < before) this.#byInstallation.delete(id);
  }
}
