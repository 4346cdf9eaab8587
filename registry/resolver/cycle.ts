/** Circles of required dependencies in an answer. */
import { Refusal } from '../../spec/refusal.ts';
import type { Meter } from './budget.ts';
import { components } from './components.ts';
import type { ResolvedEdge, ResolvedPlugin } from './resolution.ts';

/** Most arrows of a circle that a message spells out; the problem document has all of them. */
const ARROWS_SHOWN_MAX = 20;

type Graph = ReadonlyMap<string, ResolvedPlugin>;

/**
 * Refuses an answer in which plugins require each other, with the shortest circle.
 * @throws Refusal `dependency_cycle`
 */
export function refuseCycles(graph: Graph, meter: Meter): void {
  const cycle = shortestCycle(graph, meter);
  if (cycle === undefined) return;
  throw new Refusal('dependency_cycle', {
    detail: `Plugins require each other in a circle: ${describeCycle(cycle, graph)}.`,
    extensions: {
      cycle: cycle.map(({ from, to, range }) => ({ from, version: versionOf(graph, from), to, range })),
    },
  });
}

/** @returns the edges of the shortest circle; of several, the one with the first name. It starts at that name. */
function shortestCycle(graph: Graph, meter: Meter): readonly ResolvedEdge[] | undefined {
  const required = new Map(
    [...graph].map(([plugin, { dependencies }]) => [plugin, dependencies.filter(isRequired)]),
  );
  const component = components(
    new Map([...required].map(([plugin, edges]) => [plugin, edges.map(({ to }) => to)])),
  );
  const inside = new Map(
    [...required].map(([plugin, edges]) => [
      plugin,
      edges.filter(({ from, to }) => component.get(from) === component.get(to)),
    ]),
  );
  let shortest: readonly ResolvedEdge[] | undefined;
  for (const [start, edges] of inside) {
    if (edges.length === 0) continue;
    shortest = cycleThrough(start, inside, shortest?.length ?? Infinity, meter) ?? shortest;
  }
  return shortest;
}

/** Breadth first. @returns the shortest circle through `start` that has fewer than `lengthMax` edges. */
function cycleThrough(
  start: string,
  edges: ReadonlyMap<string, readonly ResolvedEdge[]>,
  lengthMax: number,
  meter: Meter,
): readonly ResolvedEdge[] | undefined {
  /** How each plugin was reached first. */
  const reachedBy = new Map<string, ResolvedEdge>();
  let frontier = [start];
  for (let length = 1; length < lengthMax && frontier.length > 0; length += 1) {
    const next: string[] = [];
    for (const plugin of frontier) {
      for (const edge of edges.get(plugin) ?? []) {
        meter.charge(1);
        if (reachedBy.has(edge.to)) continue;
        reachedBy.set(edge.to, edge);
        if (edge.to === start) return pathBack(start, reachedBy);
        next.push(edge.to);
      }
    }
    frontier = next;
  }
  return undefined;
}

function pathBack(start: string, reachedBy: ReadonlyMap<string, ResolvedEdge>): readonly ResolvedEdge[] {
  const path: ResolvedEdge[] = [];
  let edge = reachedBy.get(start);
  while (edge !== undefined) {
    path.push(edge);
    edge = edge.from === start ? undefined : reachedBy.get(edge.from);
  }
  return path.reverse();
}

/** `a 1.2.0 → (^2.0.0) b 2.0.0 → (^1.0.0) a`: each arrow with the range that it stands for. */
function describeCycle(cycle: readonly ResolvedEdge[], graph: Graph): string {
  const [first] = cycle;
  if (first === undefined) return '';
  const steps = cycle.map(({ to, range }, index) => {
    const version = index === cycle.length - 1 ? '' : ` ${versionOf(graph, to)}`;
    return `→ (${range}) ${to}${version}`;
  });
  const left = steps.length - ARROWS_SHOWN_MAX;
  const shown =
    left <= 0 ? steps : [...steps.slice(0, ARROWS_SHOWN_MAX - 1), `→ … ${left} more`, ...steps.slice(-1)];
  return [`${first.from} ${versionOf(graph, first.from)}`, ...shown].join(' ');
}

function versionOf(graph: Graph, plugin: string): string {
  return graph.get(plugin)?.version ?? '';
}

function isRequired(edge: ResolvedEdge): boolean {
  return edge.kind === 'required';
}
