/** What is said when there is no answer. */
import { Refusal } from '../../spec/refusal.ts';
import type { Meter } from './budget.ts';
import type { Catalogue } from './catalogue.ts';
import type { Incompatibility } from './incompatibility.ts';
import type { RootRequirement } from './problem.ts';

/** @throws Refusal `resolution_impossible` */
export function refuseUnsolvable(
  _failure: Incompatibility,
  _catalogue: Catalogue,
  _roots: readonly RootRequirement[],
  _meter: Meter,
): never {
  throw new Refusal('resolution_impossible', { detail: 'No set of versions meets all requirements.' });
}
