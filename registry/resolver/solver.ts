/** PubGrub: unit propagation, conflict-driven learning, decisions. docs/resolver.md explains the words. */
import { Fault } from '../../spec/refusal.ts';
import type { Meter } from './budget.ts';
import type { Candidates } from './candidates.ts';
import type { Catalogue } from './catalogue.ts';
import { dependencyFacts, rootFact, type KnownFacts } from './dependency-facts.ts';
import type { Incompatibility, Term } from './incompatibility.ts';
import { PartialSolution, type Assignment } from './partial-solution.ts';
import type { RootRequirement } from './problem.ts';
import { hasMember, intersect, isSubset, keyOf, union, type VersionSet } from './version-set.ts';

/** Version index of each chosen plugin, or the incompatibility without terms that shows why there is none. */
export type Outcome =
  | { readonly kind: 'solved'; readonly decisions: ReadonlyMap<Candidates, number> }
  | { readonly kind: 'failed'; readonly failure: Incompatibility };

/** What looking at one incompatibility led to. */
type Propagation =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'derived'; readonly candidates: Candidates };

/**
 * Finds a version for each plugin that `roots` need.
 * @throws Refusal when the meter runs out, or a version of an opened plugin is none
 */
export function solve(catalogue: Catalogue, roots: readonly RootRequirement[], meter: Meter): Outcome {
  return new Solver(catalogue, meter).solve(roots);
}

class Solver {
  readonly #catalogue: Catalogue;
  readonly #meter: Meter;
  readonly #solution = new PartialSolution();
  readonly #incompatibilities = new Map<Candidates, Incompatibility[]>();
  readonly #knownFacts: KnownFacts = new Set();
  readonly #summaries = new WeakMap<Assignment, Incompatibility>();

  constructor(catalogue: Catalogue, meter: Meter) {
    this.#catalogue = catalogue;
    this.#meter = meter;
  }

  solve(roots: readonly RootRequirement[]): Outcome {
    let failure = this.#addRoots(roots);
    let changed: ReadonlySet<Candidates> = new Set(this.#incompatibilities.keys());
    while (failure === undefined) {
      failure = this.#propagate(changed);
      if (failure !== undefined) break;
      const chosen = this.#chooseVersion();
      if (chosen === undefined) return { kind: 'solved', decisions: this.#solution.decisions };
      changed = new Set([chosen]);
    }
    return { kind: 'failed', failure };
  }

  /** @returns a failure where a root requirement can be met by nothing. */
  #addRoots(roots: readonly RootRequirement[]): Incompatibility | undefined {
    for (const root of roots) {
      const fact = rootFact(this.#catalogue, root);
      if (fact === undefined) continue;
      if (fact.terms.length === 0) return fact;
      this.#add(fact);
    }
    return undefined;
  }

  #add(incompatibility: Incompatibility): void {
    for (const { candidates } of incompatibility.terms) {
      const list = this.#incompatibilities.get(candidates) ?? this.#open(candidates);
      list.push(incompatibility);
    }
  }

  /** A plugin that is named for the first time brings what rules its versions out. */
  #open(candidates: Candidates): Incompatibility[] {
    this.#meter.charge(candidates.records.length);
    const list = this.#catalogue.obstacles(candidates);
    this.#incompatibilities.set(candidates, list);
    return list;
  }

  /**
   * Draws every conclusion that follows from a change of `plugins`.
   * @returns the failure where the conclusions contradict each other whatever is decided
   */
  #propagate(plugins: ReadonlySet<Candidates>): Incompatibility | undefined {
    const changed = new Set(plugins);
    for (const candidates of changed) {
      changed.delete(candidates);
      const conflict = this.#propagatePlugin(candidates, changed);
      if (conflict === undefined) continue;
      const learned = this.#resolveConflict(conflict);
      if (learned.terms.length === 0) return learned;
      // Everything derived since the level that we are back at is forgotten, and with it what had changed.
      changed.clear();
      const next = this.#propagateOne(learned);
      if (next.kind !== 'derived') throw new Fault('resolver: a learned incompatibility derives nothing');
      changed.add(next.candidates);
    }
    return undefined;
  }

  /** @returns the first satisfied incompatibility of the plugin. Plugins of which something follows join `changed`. */
  #propagatePlugin(candidates: Candidates, changed: Set<Candidates>): Incompatibility | undefined {
    const list = this.#incompatibilities.get(candidates) ?? [];
    // Backwards: what was learned last is the most general, so that it cuts off the most.
    for (let i = list.length - 1; i >= 0; i -= 1) {
      const incompatibility = list[i];
      if (incompatibility === undefined) continue;
      const result = this.#propagateOne(incompatibility);
      if (result.kind === 'conflict') return incompatibility;
      if (result.kind === 'derived') changed.add(result.candidates);
    }
    return undefined;
  }

  /** If all terms but one are satisfied, that one must be false. */
  #propagateOne(incompatibility: Incompatibility): Propagation {
    this.#meter.charge(incompatibility.terms.length);
    let open: Term | undefined;
    for (const term of incompatibility.terms) {
      const relation = this.#solution.relation(term);
      if (relation === 'contradicted') return NOTHING;
      if (relation === 'satisfied') continue;
      if (open !== undefined) return NOTHING;
      open = term;
    }
    if (open === undefined) return CONFLICT;
    const fact = this.#solution.level === 0 ? this.#reduce(incompatibility, open) : undefined;
    this.#solution.derive(open, incompatibility, fact);
    return { kind: 'derived', candidates: open.candidates };
  }

  /**
   * Before the first decision everything that is known holds for good, so that what follows can be said of one plugin
   * alone ("b 1.0.0 cannot be used"). This keeps derivations small however long they get.
   * @returns the incompatibility without its terms other than `kept`, all of which hold for good
   */
  #reduce(incompatibility: Incompatibility, kept: Term | undefined): Incompatibility {
    let current = incompatibility;
    for (const { candidates } of incompatibility.terms) {
      if (candidates !== kept?.candidates) current = this.#eliminate(current, candidates);
    }
    return current;
  }

  /** @returns the incompatibility without its term about a plugin, which holds for good. */
  #eliminate(incompatibility: Incompatibility, candidates: Candidates): Incompatibility {
    let current = incompatibility;
    for (let steps = 0; ; steps += 1) {
      const term = current.terms.find((other) => other.candidates === candidates);
      if (term === undefined) return current;
      const satisfier = this.#solution.satisfier(term);
      const alone = steps < SEPARATE_FACTS_MAX || isSubset(satisfier.own, term.set);
      const fact = alone ? satisfier.fact : this.#summary(satisfier);
      if (fact === undefined) throw new Fault('resolver: a decision holds for good');
      this.#meter.charge(1);
      current = combine(current, fact, term);
    }
  }

  /** @returns one incompatibility that says all that a step and those of its plugin before it say. */
  #summary(last: Assignment): Incompatibility {
    let summary: Incompatibility | undefined;
    for (const step of this.#solution.historyUntil(last)) {
      const known: Incompatibility | undefined = this.#summaries.get(step);
      const [term] = step.fact?.terms ?? [];
      if (step.fact === undefined || term === undefined)
        throw new Fault('resolver: a fact speaks of no plugin');
      if (known === undefined)
        summary = summary === undefined ? step.fact : combine(step.fact, summary, term);
      else summary = known;
      this.#summaries.set(step, summary);
    }
    if (summary === undefined) throw new Fault('resolver: a step is not part of its history');
    return summary;
  }

  /**
   * Finds the root cause of a satisfied incompatibility, goes back to the last level at which it still allows a
   * conclusion, and learns it. docs/resolver.md, "Conflict resolution".
   * @returns what was learned; without terms it is the failure
   */
  #resolveConflict(conflict: Incompatibility): Incompatibility {
    let current = conflict;
    while (current.terms.length > 0) {
      this.#meter.charge(current.terms.length);
      const { term, satisfier, previousLevel } = this.#latestSatisfier(current);
      const { cause } = satisfier;
      if (satisfier.level === 0 && current.terms.length > NARROW_TERMS_MAX)
        return this.#reduce(current, undefined);
      if (cause === undefined || previousLevel < satisfier.level) {
        this.#solution.backtrack(previousLevel);
        if (current !== conflict) this.#add(current);
        return current;
      }
      current = combine(current, cause, term);
    }
    return current;
  }

  /**
   * @returns the term of a satisfied incompatibility that became satisfied last, the step that did it, and the
   *   lowest level at which all else was true already
   */
  #latestSatisfier(incompatibility: Incompatibility): {
    term: Term;
    satisfier: Assignment;
    previousLevel: number;
  } {
    let latest: { term: Term; satisfier: Assignment } | undefined;
    let previousLevel = 0;
    for (const term of incompatibility.terms) {
      const satisfier = this.#solution.satisfier(term);
      if (latest === undefined) {
        latest = { term, satisfier };
      } else if (satisfier.index > latest.satisfier.index) {
        previousLevel = Math.max(previousLevel, latest.satisfier.level);
        latest = { term, satisfier };
      } else {
        previousLevel = Math.max(previousLevel, satisfier.level);
      }
    }
    if (latest === undefined) throw new Fault('resolver: a failure has no satisfier');
    const supportLevel = this.#solution.supportLevel(latest.satisfier, latest.term);
    return { ...latest, previousLevel: Math.max(previousLevel, supportLevel) };
  }

  /** @returns the plugin that got a version, or of which one was found impossible; undefined when all are chosen. */
  #chooseVersion(): Candidates | undefined {
    const candidates = this.#mostConstrained();
    if (candidates === undefined) return undefined;
    const index = this.#catalogue.mostWanted(candidates, this.#solution.allowed(candidates));
    if (index === undefined) throw new Fault(`resolver: ${candidates.plugin} has no version left`);
    const facts = dependencyFacts(this.#catalogue, candidates, index, this.#knownFacts);
    for (const fact of facts) {
      for (const term of fact.terms) this.#meter.charge(term.candidates.records.length);
      this.#add(fact);
    }
    // Deciding what a new fact forbids at once would only be a detour through a conflict.
    if (!facts.some((fact) => this.#forbids(fact, candidates, index)))
      this.#solution.decide(candidates, index);
    return candidates;
  }

  #forbids(fact: Incompatibility, candidates: Candidates, index: number): boolean {
    return fact.terms.every((term) =>
      term.candidates === candidates
        ? hasMember(term.set, index)
        : this.#solution.relation(term) === 'satisfied',
    );
  }

  /**
   * What is to be upgraded first, so that the lock adapts to it; then locked plugins, so that what is new adapts to
   * them; then the fewest versions left; then by name.
   */
  #mostConstrained(): Candidates | undefined {
    let best: { candidates: Candidates; rank: number } | undefined;
    this.#meter.charge(this.#solution.pending.size);
    for (const candidates of this.#solution.pending) {
      const rank = this.#rank(candidates);
      const better =
        best === undefined ||
        rank < best.rank ||
        (rank === best.rank && candidates.plugin < best.candidates.plugin);
      if (better) best = { candidates, rank };
    }
    return best?.candidates;
  }

  #rank(candidates: Candidates): number {
    if (this.#catalogue.isToUpgrade(candidates)) return -2;
    const favourite = this.#catalogue.favourite(candidates);
    const stays = favourite !== undefined && hasMember(this.#solution.allowed(candidates), favourite);
    return stays ? -1 : this.#solution.allowedCount(candidates);
  }
}

/** Facts about one plugin that are told one by one; where more are needed together, their summary takes their place. */
const SEPARATE_FACTS_MAX = 3;

/** A failure is traced back step by step, which reads best, until a step speaks of more plugins than this at once. */
const NARROW_TERMS_MAX = 6;

const NOTHING: Propagation = { kind: 'nothing' };
const CONFLICT: Propagation = { kind: 'conflict' };

/**
 * Resolves two incompatibilities on the plugin of `term`: where the rest of both is true, neither what `left` nor
 * what `right` says of that plugin can be, hence not their union either.
 */
function combine(left: Incompatibility, right: Incompatibility, term: Term): Incompatibility {
  const { candidates } = term;
  const sets = new Map<Candidates, VersionSet>();
  for (const source of [left, right]) {
    for (const { candidates: other, set } of source.terms) {
      const known = sets.get(other);
      if (known === undefined) sets.set(other, set);
      else sets.set(other, other === candidates ? union(known, set) : intersect(known, set));
    }
  }
  const resolved = sets.get(candidates);
  if (resolved !== undefined && keyOf(resolved) === keyOf(candidates.universe)) sets.delete(candidates);
  const terms = [...sets].map(([other, set]) => ({ candidates: other, set }));
  return { terms, cause: { kind: 'conflict', left, right } };
}
