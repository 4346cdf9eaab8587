/** The order in which the plugins of an answer start. */
import { components } from './components.ts';
import type { ResolvedPlugin } from './resolution.ts';

type Frame = { readonly plugin: string; readonly targets: readonly string[]; next: number };

/**
 * Orders plugins so that each comes after what it depends on, as far as names leave a choice, by name.
 *
 * An optional dependency orders its ends too, unless they also depend on each other the other way round: inside such a
 * circle only required edges count, of which there is no circle.
 * @param graph by name, without circles of required edges
 */
export function activationOrder(graph: ReadonlyMap<string, ResolvedPlugin>): readonly string[] {
  const all = new Map(
    [...graph].map(([plugin, { dependencies }]) => [plugin, dependencies.map(({ to }) => to)]),
  );
  const component = components(all);
  const ordering = new Map<string, readonly string[]>();
  for (const [plugin, { dependencies }] of graph) {
    const counted = dependencies.filter(
      ({ kind, to }) => kind === 'required' || component.get(plugin) !== component.get(to),
    );
    ordering.set(
      plugin,
      counted.map(({ to }) => to),
    );
  }
  return dependenciesFirst(ordering);
}

/** Depth first without recursion; a plugin is placed when all that it waits for has been. */
function dependenciesFirst(targets: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const entered = new Set<string>();
  const placed: string[] = [];
  for (const start of targets.keys()) {
    const frames: Frame[] = [];
    enter(start);
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const target = frame.targets[frame.next];
      frame.next += 1;
      if (target !== undefined) enter(target);
      else placed.push(frames.pop()?.plugin ?? frame.plugin);
    }
    function enter(plugin: string): void {
      if (entered.has(plugin)) return;
      entered.add(plugin);
      frames.push({ plugin, targets: targets.get(plugin) ?? [], next: 0 });
    }
  }
  return placed;
}
