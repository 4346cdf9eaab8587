/** What is said when there is no answer. */
import { Refusal } from '../../spec/refusal.ts';
import type { Meter } from './budget.ts';
import { Catalogue } from './catalogue.ts';
import { explain, externalFacts } from './explanation.ts';
import { hintsFor } from './hint.ts';
import type { Incompatibility } from './incompatibility.ts';
import { rootText } from './phrase.ts';
import type { ResolutionProblem, RootRequirement } from './problem.ts';
import { solve } from './solver.ts';

/** What a failure was made of. */
type Unsolvable = {
  readonly failure: Incompatibility;
  readonly problem: ResolutionProblem;
  readonly catalogue: Catalogue;
  readonly roots: readonly RootRequirement[];
};

/**
 * Refuses with the explanation, the hints, and the root requirements any one of which could be dropped to find an
 * answer (extensions `explanation`, `hints`, `conflicting` and `droppable`).
 * @throws Refusal `resolution_impossible`; `resolution_canceled` where the caller has gone
 */
export function refuseUnsolvable(unsolvable: Unsolvable, meter: Meter): never {
  const explanation = explain(unsolvable.failure);
  const facts = externalFacts(unsolvable.failure);
  const conflicting = facts.flatMap(({ cause }) =>
    cause.kind === 'root' || cause.kind === 'root-gap' ? [cause.root] : [],
  );
  const droppable = droppableRoots(conflicting, unsolvable, meter);
  const hints = [...hintsFor(facts, unsolvable.catalogue), ...dropHint(droppable)];
  throw new Refusal('resolution_impossible', {
    detail: explanation.join('\n'),
    ...(hints.length > 0 ? { hint: hints.join(' ') } : {}),
    extensions: {
      explanation: [...explanation],
      hints,
      conflicting: conflicting.map(rootDocument),
      droppable: droppable.map(rootDocument),
    },
  });
}

/**
 * Only a root requirement that the derivation uses can be one: without any other the same derivation still holds.
 * @returns those without which alone there is an answer, as far as the budget reaches
 */
function droppableRoots(
  conflicting: readonly RootRequirement[],
  { problem, roots }: Unsolvable,
  meter: Meter,
): readonly RootRequirement[] {
  const droppable: RootRequirement[] = [];
  for (const root of conflicting) {
    const rest = roots.filter((other) => other !== root);
    try {
      const outcome = solve(new Catalogue({ ...problem, roots: rest }), rest, meter);
      if (outcome.kind === 'solved') droppable.push(root);
    } catch (error) {
      // The explanation is worth more than this list: without budget it stays short.
      if (error instanceof Refusal && error.code === 'resolution_budget_exceeded') return droppable;
      throw error;
    }
  }
  return droppable;
}

function dropHint(droppable: readonly RootRequirement[]): readonly string[] {
  if (droppable.length === 0) return [];
  const texts = droppable.map((root) => `"${rootText(root)}"`);
  return [
    droppable.length === 1
      ? `Dropping ${texts.join('')} would be enough.`
      : `Dropping one of these would be enough: ${texts.join(', ')}.`,
  ];
}

function rootDocument({ plugin, range, kind, origin }: RootRequirement): Record<string, string> {
  return { plugin, range, kind, origin };
}
