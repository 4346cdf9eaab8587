/** From a request to a plan, in two steps: what shall be held, and what that means. */
import type { PluginId } from '../../../spec/plugin-id.ts';
import { Fault, Refusal } from '../../../spec/refusal.ts';
import type { Resolution, ResolutionProblem, RootRequirement } from '../../resolver/index.ts';
import { changesOf, stepsOf } from './changes.ts';
import type { CheckedRequest } from './check-request.ts';
import { fingerprintOf } from './fingerprint.ts';
import { contractsOf } from './contract-notices.ts';
import { heldBackIn, tellingHolders } from './held-back.ts';
import { advisoriesOf, conflictsOf, incomingOf, missingOf } from './notices.ts';
import { permissionRequests } from './permission-requests.ts';
import type { OrgLock, PlanAnswer, PlanStep } from './plan.ts';
import { resolutionProblem } from './resolution-problem.ts';
import { targetOf, type Target } from './target.ts';
import type { OfferedVersions, World } from './world.ts';

export type ResolvedRequest = {
  readonly request: CheckedRequest;
  readonly target: Target;
  readonly resolution: Resolution;
};

export type ComputedPlan = {
  readonly answer: PlanAnswer;
  readonly steps: readonly PlanStep[];
  readonly fingerprint: string;
};

/** Answers with the resolver's answer, or its refusal. */
export type Resolver = (problem: ResolutionProblem) => Promise<Resolution>;

/** @throws Refusal of `targetOf` and of the resolver */
export async function resolveRequest(
  request: CheckedRequest,
  world: World,
  resolver: Resolver,
): Promise<ResolvedRequest> {
  const target = targetOf(request, world);
  const resolution = await resolver(resolutionProblem(target, world)).catch((error: unknown) => {
    throw isImpossible(error) ? tellingHolders(error, target, world) : error;
  });
  return { request, target, resolution: await keepOrphans({ request, target, resolution }, world, resolver) };
}

/**
 * The data of a plugin goes with it. So what nothing needs any more stays until somebody asks for its removal, unless
 * it stands in the way: that one alone, and none of the others.
 */
async function keepOrphans(
  { target, resolution }: ResolvedRequest,
  world: World,
  resolver: Resolver,
): Promise<Resolution> {
  const orphans = [...world.installed.keys()].filter(
    (plugin) => !resolution.plugins.has(plugin) && target.mayGo(plugin) === 'stays',
  );
  const kept: RootRequirement[] = [];
  let answer = resolution;
  /** Tries them together first; where that is impossible, each half. */
  const keepMost = async (roots: readonly RootRequirement[]): Promise<void> => {
    if (roots.length === 0) return;
    const wider = { ...target, roots: [...target.roots, ...kept, ...roots] };
    const found = await ifPossible(resolver(resolutionProblem(wider, world)));
    if (found !== undefined) {
      answer = found;
      kept.push(...roots);
    } else if (roots.length > 1) {
      await keepMost(roots.slice(0, roots.length / 2));
      await keepMost(roots.slice(roots.length / 2));
    }
  };
  await keepMost(orphans.map((plugin) => rootOfOrphan(plugin, world)));
  return answer;
}

/** Any version, the one that is there included: `*` leaves prereleases out, and swallows what is joined to it. */
function rootOfOrphan(plugin: PluginId, { installed }: World): RootRequirement {
  const version = installed.get(plugin)?.version;
  const range = version === undefined ? '*' : `<${version} || >=${version}`;
  return { plugin, range, kind: 'required', origin: 'installed' };
}

async function ifPossible(resolving: Promise<Resolution>): Promise<Resolution | undefined> {
  try {
    return await resolving;
  } catch (error) {
    if (isImpossible(error)) return undefined;
    throw error;
  }
}

function isImpossible(error: unknown): error is Refusal {
  return error instanceof Refusal && error.code === 'resolution_impossible';
}

/** @returns the versions that are not installed yet, which `computePlan` has to be told of */
export function versionsToBring(
  { resolution }: ResolvedRequest,
  world: World,
): { plugin: PluginId; version: string }[] {
  return [...resolution.plugins.values()]
    .map(({ plugin, version }) => ({ plugin: plugin as PluginId, version }))
    .filter(({ plugin, version }) => world.installed.get(plugin)?.version !== version);
}

/** @throws Refusal `plan_request_invalid` where a lock names other packages than the registry has */
export function computePlan(resolved: ResolvedRequest, world: World, offered: OfferedVersions): ComputedPlan {
  const { request, target, resolution } = resolved;
  const changes = changesOf(request, resolution, world, offered);
  if (request.kind === 'import') requireLockedDigests(request.lock, changes);
  const incoming = incomingOf(changes, world, offered);
  const steps = stepsOf(resolution, target, world, offered);
  const fingerprint = fingerprintOf(steps, world.installed.values(), offered);
  if (fingerprint === undefined) throw new Fault('a plan brings in a package that was not offered');
  const heldBack = heldBackIn(request, resolution, world);
  const answer: PlanAnswer = {
    changes,
    activationOrder: resolution.activationOrder as readonly PluginId[],
    permissions: permissionRequests(incoming, resolution),
    advisories: advisoriesOf(incoming),
    ...missingOf(incoming, world),
    conflicts: conflictsOf(changes, world, offered),
    contracts: contractsOf(incoming, changes, world),
    ...(heldBack ? { heldBack } : {}),
  };
  return { answer, steps, fingerprint };
}

function requireLockedDigests(lock: OrgLock, changes: PlanAnswer['changes']): void {
  const digests = new Map(changes.map(({ plugin, digest }) => [plugin, digest]));
  const foreign = lock.plugins.filter(({ plugin, digest }) => digests.get(plugin) !== digest);
  if (foreign.length === 0) return;
  throw new Refusal('plan_request_invalid', {
    detail: `The lock names other packages than this registry has: ${foreign.map(({ plugin, version }) => `${plugin} ${version}`).join(', ')}.`,
    hint: 'Export the lock from an instance that has the same packages.',
  });
}
