/** The package's default export, looked at once. */
import { create } from './primordials.ts';

type Handler = (...args: unknown[]) => unknown;

export type GuestPlugin = {
  /** The default export: `this` of every handler. */
  readonly self: unknown;
  readonly fetch: Handler | undefined;
  readonly hooks: Readonly<Record<string, Handler | undefined>>;
};

const HOOKS = ['activate', 'deactivate', 'upgrade', 'health'];

/** @returns the handlers of the package, or a sentence that says why there are none */
export function adoptPlugin(namespace: object): GuestPlugin | string {
  try {
    const self = (namespace as { default?: unknown }).default;
    if ((typeof self !== 'object' && typeof self !== 'function') || self === null)
      return 'the entry module must export default an object with handlers such as fetch';
    const source = self as Record<string, unknown>;
    const hooks = create(null) as Record<string, Handler | undefined>;
    for (let index = 0; index < HOOKS.length; index++) {
      const name = HOOKS[index] as string;
      hooks[name] = handlerOf(source[name]);
    }
    return { self, fetch: handlerOf(source['fetch']), hooks };
  } catch {
    return 'the default export of the entry module is not there once the module has run; it may wait for something first';
  }
}

function handlerOf(value: unknown): Handler | undefined {
  return typeof value === 'function' ? (value as Handler) : undefined;
}
