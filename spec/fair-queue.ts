/** Whose job is next: one of each owner in a round, so that many of one keep nobody else waiting for all of them. */
export class FairQueue<Job> {
  /** Owners with their jobs; the first one is next, unless it was the last. */
  readonly #waiting = new Map<string, Job[]>();
  #last: string | undefined;

  /** @returns how many jobs wait, of the owner or of all */
  count(owner?: string): number {
    if (owner !== undefined) return this.#waiting.get(owner)?.length ?? 0;
    return [...this.#waiting.values()].reduce((sum, jobs) => sum + jobs.length, 0);
  }

  add(owner: string, job: Job): void {
    const jobs = this.#waiting.get(owner);
    if (jobs === undefined) this.#waiting.set(owner, [job]);
    else jobs.push(job);
  }

  /** @returns the next job, which does not wait any more */
  take(): Job | undefined {
    if (this.#last !== undefined) this.#moveToEnd(this.#last);
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    const [owner, jobs] = next;
    this.#last = owner;
    const job = jobs.shift();
    if (jobs.length === 0) this.#waiting.delete(owner);
    return job;
  }

  #moveToEnd(owner: string): void {
    const jobs = this.#waiting.get(owner);
    if (jobs === undefined) return;
    this.#waiting.delete(owner);
    this.#waiting.set(owner, jobs);
  }
}
