/** Dependency resolution: docs/resolver.md. */
export { RESOLUTION_BUDGET_DEFAULT, type ResolutionBudget } from './budget.ts';
export { loadRegistry, type VersionLister } from './load-registry.ts';
export type { Preference, ResolutionProblem, RootOrigin, RootRequirement, VersionRecord } from './problem.ts';
export { resolve } from './resolve.ts';
export type { Resolution, ResolvedEdge, ResolvedPlugin } from './resolution.ts';
export { ResolverThread, type ThreadBudget } from './resolver-thread.ts';
