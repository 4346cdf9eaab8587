/** From decisions to a graph with named edges. */
import { satisfies } from 'semver';
import { Fault } from '../../spec/refusal.ts';
import type { Meter } from './budget.ts';
import type { Candidates } from './candidates.ts';
import type { RootRequirement, VersionRecord } from './problem.ts';
import type { ResolvedEdge, ResolvedPlugin } from './resolution.ts';

/**
 * Checks every requirement of the answer once more with node-semver itself, so that a mistake of the search can never
 * become a plan.
 * @returns the chosen plugins by name, with the edges between them
 */
export function answerGraph(
  decisions: ReadonlyMap<Candidates, number>,
  roots: readonly RootRequirement[],
  meter: Meter,
): ReadonlyMap<string, ResolvedPlugin> {
  const records = chosenRecords(decisions);
  const outgoing = new Map<string, ResolvedEdge[]>();
  const incoming = new Map<string, ResolvedEdge[]>();
  for (const [plugin, record] of records) {
    const edges = checkedEdges(plugin, record, records, meter);
    outgoing.set(plugin, edges);
    for (const edge of edges) incoming.set(edge.to, [...(incoming.get(edge.to) ?? []), edge]);
  }
  const rootsOf = checkedRoots(roots, records);
  const graph = new Map<string, ResolvedPlugin>();
  for (const [plugin, record] of records) {
    graph.set(plugin, {
      plugin,
      version: record.version,
      record,
      roots: rootsOf.get(plugin) ?? [],
      dependants: incoming.get(plugin) ?? [],
      dependencies: outgoing.get(plugin) ?? [],
    });
  }
  return graph;
}

function chosenRecords(decisions: ReadonlyMap<Candidates, number>): ReadonlyMap<string, VersionRecord> {
  const chosen: [string, VersionRecord][] = [];
  for (const [candidates, index] of decisions) {
    const record = candidates.records[index];
    if (record !== undefined) chosen.push([candidates.plugin, record]);
  }
  return new Map(chosen.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function checkedEdges(
  plugin: string,
  record: VersionRecord,
  records: ReadonlyMap<string, VersionRecord>,
  meter: Meter,
): ResolvedEdge[] {
  meter.charge(record.dependencies.size + record.optionalDependencies.size);
  const edges: ResolvedEdge[] = [];
  for (const [to, range] of record.dependencies) edges.push({ from: plugin, to, range, kind: 'required' });
  for (const [to, range] of record.optionalDependencies) {
    if (records.has(to)) edges.push({ from: plugin, to, range, kind: 'optional' });
  }
  for (const { to, range } of edges) requireFit(plugin, records.get(to), range);
  return edges.sort((a, b) => (a.to < b.to || (a.to === b.to && a.kind > b.kind) ? -1 : 1));
}

function checkedRoots(
  roots: readonly RootRequirement[],
  records: ReadonlyMap<string, VersionRecord>,
): ReadonlyMap<string, readonly RootRequirement[]> {
  const byPlugin = new Map<string, RootRequirement[]>();
  for (const root of roots) {
    const record = records.get(root.plugin);
    if (record === undefined && root.kind === 'optional') continue;
    requireFit('the root', record, root.range);
    byPlugin.set(root.plugin, [...(byPlugin.get(root.plugin) ?? []), root]);
  }
  return byPlugin;
}

function requireFit(by: string, record: VersionRecord | undefined, range: string): void {
  if (record !== undefined && satisfies(record.version, range)) return;
  throw new Fault(`resolver: the answer breaks a requirement of ${by}`);
}
