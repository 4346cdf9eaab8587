/** The package's default export, looked at once. */
import { arrayJoin, create, hasOwn, MapConstructor, mapSet, stringSlice } from './primordials.ts';

type Handler = (...args: unknown[]) => unknown;

export type GuestPlugin = {
  /** The default export: `this` of every handler. */
  readonly self: unknown;
  readonly fetch: Handler | undefined;
  readonly hooks: Readonly<Record<string, Handler | undefined>>;
  /** The named handlers that the manifest declares, by `handlerKey`. */
  readonly handlers: Map<string, NamedHandler>;
};

/** A handler with the object in which it stands, which is its `this`. */
export type NamedHandler = { readonly self: unknown; readonly call: Handler };

const HOOKS = ['activate', 'deactivate', 'upgrade', 'health'];

/** @returns the name of a handler in `GuestPlugin.handlers`; no name in a manifest has a line break */
export function handlerKey(path: readonly string[]): string {
  return arrayJoin(path, '\n');
}

/**
 * @param declared where the named handlers stand that the manifest declares
 * @returns the handlers of the package, or a sentence that says why they are not there
 */
export function adoptPlugin(
  namespace: object,
  declared: readonly (readonly string[])[],
): GuestPlugin | string {
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
    const handlers = new MapConstructor<string, NamedHandler>();
    for (let index = 0; index < declared.length; index++) {
      const path = declared[index] as readonly string[];
      const handler = findHandler(self, path);
      if (!handler) return missing(path);
      mapSet(handlers, handlerKey(path), handler);
    }
    return { self, fetch: handlerOf(source['fetch']), hooks, handlers };
  } catch {
    return 'the default export of the entry module is not there once the module has run; it may wait for something first';
  }
}

/** Own properties only: a command may be called `constructor`, and every object inherits a function of that name. */
function findHandler(self: unknown, path: readonly string[]): NamedHandler | undefined {
  let owner: unknown;
  let value = self;
  for (let index = 0; index < path.length; index++) {
    const name = path[index] as string;
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
    if (index > 0 && !hasOwn(value, name)) return undefined;
    owner = value;
    value = (value as Record<string, unknown>)[name];
  }
  const call = handlerOf(value);
  return call ? { self: owner, call } : undefined;
}

function missing(path: readonly string[]): string {
  let place = '';
  for (let index = 0; index < path.length; index++)
    place += index === 0 ? (path[0] as string) : "['" + (path[index] as string) + "']";
  return stringSlice(
    'the manifest declares ' + place + ', but the default export has no function there',
    0,
    400,
  );
}

function handlerOf(value: unknown): Handler | undefined {
  return typeof value === 'function' ? (value as Handler) : undefined;
}
