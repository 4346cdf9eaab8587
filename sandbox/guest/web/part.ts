/**
 * Parts of the web APIs that are not in the startup snapshot: the runner has their texts, and an isolate evaluates one
 * when a plugin first touches what it brings.
 *
 * What a part shares with the runtime, or with another part, it takes from there, so that there is one of each class and
 * of each built-in that was captured before guest code ran. So was the function that evaluates, and the text comes from
 * our own process alone.
 */
import { bound } from './bound.ts';
import { evaluate, mapGet, mapSet, SafeMap } from './intrinsics.ts';

/** By the names that `bundle.ts` gives them. */
type Modules = Readonly<Record<string, object>>;
type Definition = (take: (name: string) => object | undefined) => object;

const parts = new SafeMap<string, Part<object>>();
let runtime: () => Modules = () => ({});

/** Told once, by the code that `bundle.ts` adds to the runtime. */
export function offerToParts(modules: () => Modules): void {
  runtime = modules;
}

/** One part, loaded when it is asked for. */
export class Part<T extends object> {
  readonly #name: string;
  #loaded: T | undefined;

  constructor(name: string) {
    this.#name = name;
    mapSet(parts, name, this);
  }

  /** Loads it where it is not loaded yet. */
  use(): T {
    this.#loaded ??= (evaluate(bound().part(this.#name)) as Definition)(take) as T;
    return this.#loaded;
  }

  /** Without loading: while a part is not loaded, nothing can be an instance of its classes. */
  loaded(): T | undefined {
    return this.#loaded;
  }
}

function take(name: string): object | undefined {
  return mapGet(parts, name)?.use() ?? runtime()[name];
}
