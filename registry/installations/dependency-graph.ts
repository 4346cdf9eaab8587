/** Who needs whom among the plugins of one organization. Iterative: a chain may be thousands long. */
import type { Manifest } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';

type Node = { readonly plugin: PluginId; readonly manifest: Manifest };
export type Graph = ReadonlyMap<PluginId, Manifest>;

export function graphOf(nodes: Iterable<Node>): Graph {
  return new Map([...nodes].map(({ plugin, manifest }) => [plugin, manifest]));
}

function requiredDependencies(manifest: Manifest): PluginId[] {
  return Object.keys(manifest.dependencies ?? {}).sort() as PluginId[];
}

/** @returns everything that `plugin` needs, itself included, dependencies first */
export function dependencyClosure(graph: Graph, plugin: PluginId): PluginId[] {
  const reached = reach(plugin, (id) => {
    const manifest = graph.get(id);
    return manifest ? requiredDependencies(manifest) : [];
  });
  return inActivationOrder(graph).filter((id) => reached.has(id));
}

/** @returns everything that needs `plugin`, itself included, dependants first */
export function dependantClosure(graph: Graph, plugin: PluginId): PluginId[] {
  const needing = dependantsIndex(graph);
  const reached = reach(plugin, (id) => needing.get(id) ?? []);
  return inActivationOrder(graph)
    .filter((id) => reached.has(id))
    .toReversed();
}

function dependantsIndex(graph: Graph): Map<PluginId, PluginId[]> {
  const needing = new Map<PluginId, PluginId[]>();
  for (const [id, manifest] of graph) {
    for (const dependency of requiredDependencies(manifest)) {
      const known = needing.get(dependency);
      if (known) known.push(id);
      else needing.set(dependency, [id]);
    }
  }
  return needing;
}

function reach(start: PluginId, neighbours: (id: PluginId) => readonly PluginId[]): Set<PluginId> {
  const reached = new Set([start]);
  // A Set is walked in order of insertion, what is added on the way included.
  for (const id of reached) for (const next of neighbours(id)) reached.add(next);
  return reached;
}

/** @returns all plugins, what they need before them, otherwise by name; the resolver refuses circles */
export function inActivationOrder(graph: Graph): PluginId[] {
  const order = new Set<PluginId>();
  const entered = new Set<PluginId>();
  for (const root of [...graph.keys()].sort()) {
    const stack: { readonly id: PluginId; readonly rest: PluginId[] }[] = [];
    enter(root, stack);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.rest.pop();
      if (next) enter(next, stack);
      else {
        order.add(top.id);
        stack.pop();
      }
    }
  }
  return [...order];

  function enter(id: PluginId, stack: { readonly id: PluginId; readonly rest: PluginId[] }[]): void {
    const manifest = graph.get(id);
    if (!manifest || entered.has(id)) return;
    entered.add(id);
    stack.push({ id, rest: requiredDependencies(manifest).toReversed() });
  }
}
