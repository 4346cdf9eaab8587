/** What the solver holds to be true so far: docs/resolver.md, "Partial solution". */
import { Fault } from '../../spec/refusal.ts';
import type { Candidates } from './candidates.ts';
import type { Incompatibility, Term } from './incompatibility.ts';
import {
  countMembers,
  hasMember,
  intersect,
  isDisjoint,
  isSubset,
  subtract,
  type VersionSet,
} from './version-set.ts';

/** One step: a decision (no cause) or what follows from an incompatibility. */
export type Assignment = {
  readonly candidates: Candidates;
  /** What this step alone says. */
  readonly own: VersionSet;
  /** What all steps up to this one say of the plugin: the intersection of their `own`; never empty. */
  readonly allowed: VersionSet;
  readonly allowedCount: number;
  /** Number of decisions up to this step. */
  readonly level: number;
  /** Position among all steps. */
  readonly index: number;
  readonly cause: Incompatibility | undefined;
  /** Of a step before the first decision: what it says, as an incompatibility of one term. */
  readonly fact: Incompatibility | undefined;
};

export type Relation = 'satisfied' | 'contradicted' | 'inconclusive';

export class PartialSolution {
  readonly #trail: Assignment[] = [];
  /** The steps of each plugin, by slot. `allowed` only shrinks along a list. */
  readonly #histories: Assignment[][] = [];
  /** The last step of each plugin, by slot. */
  readonly #latest: (Assignment | undefined)[] = [];
  readonly #decided = new Map<Candidates, number>();
  /** Plugins that must be present and have no version yet. */
  readonly #pending = new Set<Candidates>();

  get level(): number {
    return this.#decided.size;
  }

  /** @returns the chosen version index of each plugin. */
  get decisions(): ReadonlyMap<Candidates, number> {
    return this.#decided;
  }

  get pending(): ReadonlySet<Candidates> {
    return this.#pending;
  }

  allowed(candidates: Candidates): VersionSet {
    return this.#latest[candidates.slot]?.allowed ?? candidates.universe;
  }

  allowedCount(candidates: Candidates): number {
    return this.#latest[candidates.slot]?.allowedCount ?? candidates.absentIndex + 1;
  }

  relation(term: Term): Relation {
    const allowed = this.allowed(term.candidates);
    if (isSubset(allowed, term.set)) return 'satisfied';
    return isDisjoint(allowed, term.set) ? 'contradicted' : 'inconclusive';
  }

  decide(candidates: Candidates, index: number): void {
    this.#decided.set(candidates, index);
    this.#assign(candidates, candidates.setOf([index]), undefined, undefined);
  }

  /**
   * Adds what follows from `cause`, all of whose terms but `term` are satisfied: that `term` is not.
   * @param fact see `Assignment.fact`
   */
  derive(term: Term, cause: Incompatibility, fact: Incompatibility | undefined): void {
    this.#assign(term.candidates, subtract(term.candidates.universe, term.set), cause, fact);
  }

  #assign(
    candidates: Candidates,
    own: VersionSet,
    cause: Incompatibility | undefined,
    fact: Incompatibility | undefined,
  ): void {
    const allowed = intersect(this.allowed(candidates), own);
    const step = {
      candidates,
      own,
      allowed,
      allowedCount: countMembers(allowed),
      level: this.level,
      cause,
      fact,
    };
    const assignment = { ...step, index: this.#trail.length };
    this.#trail.push(assignment);
    const history = this.#histories[candidates.slot];
    if (history === undefined) this.#histories[candidates.slot] = [assignment];
    else history.push(assignment);
    this.#latest[candidates.slot] = assignment;
    this.#updatePending(candidates);
  }

  /** Forgets every step after decision `level`. */
  backtrack(level: number): void {
    for (let last = this.#trail.at(-1); last !== undefined && last.level > level; last = this.#trail.at(-1)) {
      this.#trail.pop();
      const history = this.#histories[last.candidates.slot];
      history?.pop();
      this.#latest[last.candidates.slot] = history?.at(-1);
      if (last.cause === undefined) this.#decided.delete(last.candidates);
      this.#updatePending(last.candidates);
    }
  }

  #updatePending(candidates: Candidates): void {
    const needed = !hasMember(this.allowed(candidates), candidates.absentIndex);
    if (needed && !this.#decided.has(candidates)) this.#pending.add(candidates);
    else this.#pending.delete(candidates);
  }

  /** @returns the earliest step after which `term` is satisfied, which it must be. */
  satisfier(term: Term): Assignment {
    const found = this.#earliest(term.candidates, (allowed) => isSubset(allowed, term.set));
    if (found === undefined)
      throw new Fault(`resolver: a term of ${term.candidates.plugin} is not satisfied`);
    return found;
  }

  /**
   * `satisfier` may satisfy `term` only together with earlier steps of the same plugin: `^1.0.0` after both
   * `>=1.0.0` and `<2.0.0`.
   * @returns the level of the earliest of those, or 0 where the satisfier needs none
   */
  supportLevel(satisfier: Assignment, term: Term): number {
    if (isSubset(satisfier.own, term.set)) return 0;
    const found = this.#earliest(term.candidates, (allowed) =>
      isSubset(intersect(allowed, satisfier.own), term.set),
    );
    return found?.level ?? 0;
  }

  /** @returns the steps of a plugin up to and including `last`, in order. */
  historyUntil(last: Assignment): readonly Assignment[] {
    const history = this.#histories[last.candidates.slot] ?? [];
    return history.slice(0, history.indexOf(last) + 1);
  }

  /** Bisects a plugin's steps for the first whose `allowed` passes; it stays passed because `allowed` only shrinks. */
  #earliest(candidates: Candidates, passes: (allowed: VersionSet) => boolean): Assignment | undefined {
    const history = this.#histories[candidates.slot] ?? [];
    let low = 0;
    let high = history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const step = history[middle];
      if (step !== undefined && passes(step.allowed)) high = middle;
      else low = middle + 1;
    }
    return history[low];
  }
}
