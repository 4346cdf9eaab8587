/**
 * Why there is no answer, as numbered sentences: docs/resolver.md, "Explanations".
 *
 * The failure is the end of a derivation in which every step has two premises. A step with one derived premise is
 * written straight after it ("And because …"); a premise that is used twice, or far from where it was written, gets a
 * number. Written without recursion: a derivation may be thousands of steps deep.
 */
import type { Incompatibility } from './incompatibility.ts';
import { clauseOf, joinClauses, joinTexts, type Clause } from './phrase.ts';

/** Lines kept at the start and at the end of a long explanation; what lies between is counted. */
const LINES_HEAD_MAX = 60;
const LINES_TAIL_MAX = 20;

type Task =
  | { readonly kind: 'visit'; readonly step: Incompatibility; readonly numbering: 'always' | 'if-shared' }
  | {
      readonly kind: 'write';
      readonly step: Incompatibility;
      readonly premises: readonly Incompatibility[];
      readonly numbering: 'always' | 'if-shared';
    };

/** @returns the explanation, one sentence per line. */
export function explain(failure: Incompatibility): readonly string[] {
  return new Explanation(failure).lines();
}

/** @returns every incompatibility of the derivation that follows from no other, in a fixed order. */
export function externalFacts(failure: Incompatibility): readonly Incompatibility[] {
  return [...countUses(failure).keys()].filter(({ cause }) => cause.kind !== 'conflict');
}

/** @returns how often each incompatibility is a premise in the derivation. */
function countUses(failure: Incompatibility): ReadonlyMap<Incompatibility, number> {
  const uses = new Map<Incompatibility, number>([[failure, 1]]);
  const open = [failure];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (step.cause.kind !== 'conflict') continue;
    for (const premise of [step.cause.right, step.cause.left]) {
      const count = uses.get(premise) ?? 0;
      uses.set(premise, count + 1);
      if (count === 0) open.push(premise);
    }
  }
  return uses;
}

class Explanation {
  readonly #failure: Incompatibility;
  readonly #uses: ReadonlyMap<Incompatibility, number>;
  readonly #numbers = new Map<Incompatibility, number>();
  /** Written out only when shown: of a long explanation most lines are not. */
  readonly #lines: (() => string)[] = [];
  #lastWritten: Incompatibility | undefined;

  constructor(failure: Incompatibility) {
    this.#failure = failure;
    this.#uses = countUses(failure);
  }

  lines(): readonly string[] {
    if (this.#failure.cause.kind !== 'conflict') {
      return [`Because ${clauseOf(this.#failure).text}, version solving failed.`];
    }
    const tasks: Task[] = [{ kind: 'visit', step: this.#failure, numbering: 'if-shared' }];
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      if (task.kind === 'write') this.#write(task.step, task.premises, task.numbering);
      else if (!this.#numbers.has(task.step)) tasks.push(...this.#plan(task.step, task.numbering));
    }
    return shorten(this.#lines);
  }

  /** @returns the tasks that explain a step, the first to do last. */
  #plan(step: Incompatibility, numbering: 'always' | 'if-shared'): Task[] {
    const premises = this.#premises(step);
    const tasks: Task[] = [{ kind: 'write', step, premises, numbering }];
    const unwritten = premises.filter((premise) => isDerived(premise) && !this.#numbers.has(premise));
    // The last to be written needs no number, because the step follows it at once.
    for (const [index, premise] of unwritten.reverse().entries()) {
      tasks.push({ kind: 'visit', step: premise, numbering: index === 0 ? 'if-shared' : 'always' });
    }
    return tasks;
  }

  /** @returns the premises; of a derived one that is used here only, and is simple, its own in its place. */
  #premises(step: Incompatibility): readonly Incompatibility[] {
    const premises = premisesOf(step);
    const derived = premises.filter(isDerived);
    const [only] = derived;
    if (derived.length !== 1 || only === undefined || !this.#isCollapsible(only)) return premises;
    return [
      ...premisesOf(only).toSorted((a, b) => Number(isDerived(b)) - Number(isDerived(a))),
      ...premises,
    ].filter((premise) => premise !== only);
  }

  /** A step of one derived and one external premise, used once, reads better as part of the next step. */
  #isCollapsible(step: Incompatibility): boolean {
    if (this.#numbers.has(step) || (this.#uses.get(step) ?? 0) > 1) return false;
    const derived = premisesOf(step).filter(isDerived);
    const [only] = derived;
    return derived.length === 1 && only !== undefined && !this.#numbers.has(only);
  }

  #write(
    step: Incompatibility,
    premises: readonly Incompatibility[],
    numbering: 'always' | 'if-shared',
  ): void {
    const followsLast = premises.some((premise) => isDerived(premise) && premise === this.#lastWritten);
    const stated = premises.filter((premise) => !followsLast || premise !== this.#lastWritten);
    const numbered = numbering === 'always' || (this.#uses.get(step) ?? 0) > 1;
    if (numbered) this.#numbers.set(step, this.#numbers.size + 1);
    this.#lines.push(() => {
      const number = numbered ? `(${this.#numbers.get(step)}) ` : '';
      const opening = followsLast ? continuation(step) : 'Because';
      return `${number}${opening} ${this.#because(stated)}, ${clauseOf(step).text}.`;
    });
    this.#lastWritten = step;
  }

  #because(premises: readonly Incompatibility[]): string {
    const clauses = premises.map((premise) => this.#numbered(premise));
    const [first, second] = clauses;
    if (first === undefined) return '';
    if (second === undefined) return first.text;
    const joined = joinClauses(first, second);
    return joinTexts([joined, ...clauses.slice(2).map(({ text }) => text)]);
  }

  /** @returns the clause with the number of the line that proves it. */
  #numbered(premise: Incompatibility): Clause {
    const clause = clauseOf(premise);
    const number = this.#numbers.get(premise);
    if (number === undefined) return clause;
    const { declares: _, ...rest } = clause;
    const predicate = clause.predicate === undefined ? {} : { predicate: `${clause.predicate} (${number})` };
    return { ...rest, ...predicate, text: `${clause.text} (${number})` };
  }
}

/** Of a step that follows from the one before it. */
function continuation(step: Incompatibility): string {
  return step.terms.length === 0 ? 'So, because' : 'And because';
}

function premisesOf({ cause }: Incompatibility): readonly Incompatibility[] {
  return cause.kind === 'conflict' ? [cause.left, cause.right] : [];
}

function isDerived({ cause }: Incompatibility): boolean {
  return cause.kind === 'conflict';
}

function shorten(lines: readonly (() => string)[]): readonly string[] {
  const left = lines.length - LINES_HEAD_MAX - LINES_TAIL_MAX;
  if (left <= 0) return lines.map((write) => write());
  const head = lines.slice(0, LINES_HEAD_MAX).map((write) => write());
  const tail = lines.slice(-LINES_TAIL_MAX).map((write) => write());
  return [...head, `… ${left} further steps …`, ...tail];
}
