/** The entry of the resolver: a problem and a budget in, an answer or a refusal that explains itself out. */
import { activationOrder } from './activation-order.ts';
import { answerGraph } from './answer-graph.ts';
import { Meter, RESOLUTION_BUDGET_DEFAULT, type ResolutionBudget } from './budget.ts';
import { Catalogue } from './catalogue.ts';
import { refuseCycles } from './cycle.ts';
import { refuseUnsolvable } from './failure.ts';
import type { ResolutionProblem, RootRequirement } from './problem.ts';
import type { Resolution } from './resolution.ts';
import { solve } from './solver.ts';

/**
 * Chooses one version of each plugin that the roots need. Pure: the same problem has the same answer, in whatever
 * order its parts are listed.
 *
 * No plugin of the answer could be exchanged for a more wanted version with the rest unchanged: the locked version
 * where the preference keeps it, then newer stable versions, then newer prereleases.
 * @throws Refusal `resolution_impossible` with the explanation, `dependency_cycle`, `range_invalid`, `version_invalid`,
 *   `resolution_budget_exceeded`, `resolution_canceled`
 */
export function resolve(
  problem: ResolutionProblem,
  budget: ResolutionBudget = RESOLUTION_BUDGET_DEFAULT,
): Resolution {
  const meter = new Meter(budget);
  const catalogue = new Catalogue(problem);
  const roots = orderedRoots(problem.roots);
  const outcome = solve(catalogue, roots, meter);
  if (outcome.kind === 'failed')
    return refuseUnsolvable({ failure: outcome.failure, problem, catalogue, roots }, meter);
  const plugins = answerGraph(outcome.decisions, roots, meter);
  refuseCycles(plugins, meter);
  return { plugins, activationOrder: activationOrder(plugins), steps: meter.steps };
}

/** By plugin, origin, range and kind, each once. */
function orderedRoots(roots: readonly RootRequirement[]): readonly RootRequirement[] {
  const byKey = new Map(
    roots.map((root) => [JSON.stringify([root.plugin, root.origin, root.range, root.kind]), root] as const),
  );
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, root]) => root);
}
