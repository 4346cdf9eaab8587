/** What a runner uses of memory and processor: as the system tells, or where it does not, as the runner itself says. */
import { RUNNER_LIMITS } from '../../spec/limits.ts';
import type { Mark } from '../protocol/mark.ts';
import { innermostProcess, openProcessUsage, type ProcessUsage } from './process-usage.ts';

export class RunnerUsage {
  #process: ProcessUsage | undefined;
  #reportedResidentBytes: number | undefined;
  #sampled = { atMs: 0, bytes: 0 };
  #watched = { enteredAtMs: 0, cpuMs: 0 };

  /** Called when the process stands, behind its launchers: from here on it is measured. */
  open(pid: number): void {
    this.#process ??= openProcessUsage(innermostProcess(pid));
  }

  close(): void {
    this.#process?.close();
    this.#process = undefined;
  }

  /** The runner's own word, which counts only where the system tells nothing. */
  report(residentBytes: number): void {
    this.#reportedResidentBytes = residentBytes;
  }

  /** Undefined until the system or the runner has told. */
  residentBytes(): number | undefined {
    return this.#process?.residentBytes() ?? this.#reportedResidentBytes;
  }

  /** For calls, of which there may be thousands within the time that it takes to grow by a mebibyte. */
  recentResidentBytes(): number {
    const now = performance.now();
    if (now - this.#sampled.atMs > RUNNER_LIMITS.watchdogIntervalMs)
      this.#sampled = { atMs: now, bytes: this.residentBytes() ?? 0 };
    return this.#sampled.bytes;
  }

  /** Processor time that the process used since this entry was first looked at; undefined where nobody tells. */
  cpuMsSince(mark: Mark): number | undefined {
    const cpuMs = this.#process?.cpuMs();
    if (cpuMs === undefined) return undefined;
    if (this.#watched.enteredAtMs !== mark.enteredAtMs)
      this.#watched = { enteredAtMs: mark.enteredAtMs, cpuMs };
    return cpuMs - this.#watched.cpuMs;
  }
}
