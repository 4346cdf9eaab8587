/** Strongly connected components, after Tarjan (1972), with a stack of our own: rings may have thousands of plugins. */

type Frame = { readonly node: string; readonly targets: readonly string[]; next: number };

/**
 * @param targets the edges of each node, by name
 * @returns the number of the component of each node; nodes of one circle share a number
 */
export function components(targets: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const search = new ComponentSearch(targets);
  for (const node of targets.keys()) search.visit(node);
  return search.component;
}

class ComponentSearch {
  readonly component = new Map<string, number>();
  readonly #targets: ReadonlyMap<string, readonly string[]>;
  readonly #order = new Map<string, number>();
  /** The earliest node, by order, that each node is known to reach among those without a component. */
  readonly #low = new Map<string, number>();
  readonly #open: string[] = [];

  constructor(targets: ReadonlyMap<string, readonly string[]>) {
    this.#targets = targets;
  }

  visit(start: string): void {
    if (this.#order.has(start)) return;
    const frames = [this.#enter(start)];
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const target = frame.targets[frame.next];
      frame.next += 1;
      if (target === undefined) {
        frames.pop();
        this.#leave(frame.node, frames.at(-1)?.node);
      } else if (!this.#order.has(target)) {
        frames.push(this.#enter(target));
      } else if (!this.component.has(target)) {
        this.#lower(frame.node, this.#order.get(target) ?? 0);
      }
    }
  }

  #enter(node: string): Frame {
    const order = this.#order.size;
    this.#order.set(node, order);
    this.#low.set(node, order);
    this.#open.push(node);
    return { node, targets: this.#targets.get(node) ?? [], next: 0 };
  }

  #leave(node: string, parent: string | undefined): void {
    const low = this.#low.get(node) ?? 0;
    if (parent !== undefined) this.#lower(parent, low);
    if (low !== this.#order.get(node)) return;
    for (let member = this.#open.pop(); member !== undefined; member = this.#open.pop()) {
      this.component.set(member, low);
      if (member === node) return;
    }
  }

  #lower(node: string, order: number): void {
    if (order < (this.#low.get(node) ?? order)) this.#low.set(node, order);
  }
}
