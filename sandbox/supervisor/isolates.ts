/** The isolates of one runner, as the supervisor has them on record. */
import type { Guest } from '../ports.ts';
import type { LogAllowance } from '../protocol/log-allowance.ts';
import type { Spending } from './spending.ts';

/** One isolate as the supervisor knows it. */
export type Isolate = {
  readonly id: number;
  readonly installationId: string;
  readonly digest: string;
  guest: Guest;
  runs: number;
  usedAtMs: number;
  /** Lines logged while no run was in flight. */
  strayLogLines: number;
  readonly logAllowance: LogAllowance;
  /** Shared by all isolates of the installation. */
  readonly spending: Spending;
};

const NONE: readonly Isolate[] = [];

export class Isolates {
  readonly #byId = new Map<number, Isolate>();
  readonly #byInstallation = new Map<string, readonly Isolate[]>();

  get byId(): ReadonlyMap<number, Isolate> {
    return this.#byId;
  }

  get installations(): number {
    return this.#byInstallation.size;
  }

  /** Those of one installation, the newest first: its present version, and older ones that still have runs. */
  of(installationId: string): readonly Isolate[] {
    return this.#byInstallation.get(installationId) ?? NONE;
  }

  add(isolate: Isolate): void {
    this.#byId.set(isolate.id, isolate);
    this.#byInstallation.set(isolate.installationId, [isolate, ...this.of(isolate.installationId)]);
  }

  /** @returns whether it was there */
  delete(id: number): boolean {
    const isolate = this.#byId.get(id);
    if (!isolate) return false;
    this.#byId.delete(id);
    const left = this.of(isolate.installationId).filter((other) => other.id !== id);
    if (left.length > 0) this.#byInstallation.set(isolate.installationId, left);
    else this.#byInstallation.delete(isolate.installationId);
    return true;
  }

  /** @returns all that were there */
  clear(): readonly Isolate[] {
    const all = [...this.#byId.values()];
    this.#byId.clear();
    this.#byInstallation.clear();
    return all;
  }
}
