import type { Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal, type Violation } from '../../spec/refusal.ts';
import { toPointer } from '../../spec/strict-json.ts';
import { SOUK_VERSION } from '../../spec/support.ts';
import { type Audience, offeredVersions } from '../catalogue/offered-versions.ts';
import type { ResolutionProblem, VersionRecord } from '../resolver/index.ts';
import type { Approved } from './approval.ts';
import type { PublishingPorts } from './ports.ts';

declare const resolved: unique symbol;

/** A package whose required dependencies can be had by whoever can see it, without a cycle. */
export type Resolved = Approved & { readonly [resolved]: true };

/**
 * Resolves this one version against what is offered to its audience: everyone for a public package, the org for a
 * private one. Optional dependencies need not exist.
 * @throws Refusal `dependency_missing`, `resolution_impossible`, `dependency_cycle`, `resolution_budget_exceeded`
 */
export async function resolveVersion(
  ports: PublishingPorts,
  tx: Transaction,
  approved: Approved,
): Promise<Resolved> {
  const needed = Object.keys(approved.inspection.manifest.dependencies ?? {});
  if (needed.length > 0) {
    const registry = await loadClosure(tx, audienceOf(approved), needed);
    requireListed(approved, registry);
    await ports.resolver.resolve(problemOf(approved, registry), approved.authority.orgId);
  }
  return approved as Resolved;
}

function audienceOf({ destination }: Approved): Audience {
  return destination.kind === 'public' ? { kind: 'everyone' } : { kind: 'org', orgId: destination.orgId };
}

/** Every version of every plugin that a chain of required dependencies reaches, one query for each level. */
async function loadClosure(
  tx: Transaction,
  audience: Audience,
  roots: readonly string[],
): Promise<Map<string, readonly VersionRecord[]>> {
  const registry = new Map<string, readonly VersionRecord[]>();
  let wanted = new Set(roots);
  while (wanted.size > 0) {
    for (const [plugin, versions] of await offeredVersions(tx, audience, [...wanted]))
      registry.set(plugin, versions);
    for (const absent of wanted) if (!registry.has(absent)) registry.set(absent, []);
    const reached = [...wanted].flatMap((plugin) =>
      (registry.get(plugin) ?? []).flatMap((version) => [...version.dependencies.keys()]),
    );
    wanted = new Set(reached.filter((plugin) => !registry.has(plugin)));
  }
  return registry;
}

/** Names every absent dependency at once, which reads better than a resolver's proof. */
function requireListed(approved: Approved, registry: ReadonlyMap<string, readonly VersionRecord[]>): void {
  const { dependencies } = approved.inspection.manifest;
  const violations = Object.keys(dependencies ?? {})
    .filter((plugin) => (registry.get(plugin) ?? []).length === 0)
    .map((plugin): Violation => ({
      pointer: toPointer(['dependencies', plugin]),
      message: `no version of ${plugin} is offered to ${approved.destination.kind === 'public' ? 'everyone' : 'this organization'}`,
    }));
  const [first] = violations;
  if (first) throw new Refusal('dependency_missing', { detail: `${first.message}.`, violations });
}

/** The version as the one wish, beside its published siblings. Which Souk it needs is not the question here. */
function problemOf(
  approved: Approved,
  offered: ReadonlyMap<string, readonly VersionRecord[]>,
): ResolutionProblem {
  const { manifest } = approved.inspection;
  const own: VersionRecord = {
    version: manifest.version,
    dependencies: new Map(Object.entries(manifest.dependencies ?? {})),
    optionalDependencies: new Map(Object.entries(manifest.optionalDependencies ?? {})),
    engines: {},
    yanked: false,
  };
  const id: PluginId = manifest.id;
  const siblings = (offered.get(id) ?? []).filter(({ version }) => version !== manifest.version);
  return {
    roots: [{ plugin: id, range: manifest.version, kind: 'required', origin: 'requested' }],
    lock: new Map(),
    preference: { kind: 'newest' },
    soukVersion: SOUK_VERSION,
    registry: new Map([...offered, [id, [...siblings, own]]]),
  };
}
