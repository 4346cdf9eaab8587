/** Globals that guests do not have, and whose absence a bundle need not notice. */
import type { Plugin } from 'esbuild';

const NAMESPACE = 'souk';
const INERT_GLOBALS = `${NAMESPACE}:inert-globals`;

/**
 * FinalizationRegistry promises nothing: a callback may never be called (ECMA-262, section 9.12). Libraries make one
 * as they load, to drop an entry of a cache or warn of a leak, and do their work without ever being called.
 */
const SOURCE = `export class FinalizationRegistry {
  constructor(callback) {
    if (typeof callback !== 'function') throw new TypeError('The callback of a FinalizationRegistry must be a function.');
  }
  register() {}
  unregister() {
    return false;
  }
}`;

/** What the build's option `inject` takes: the names are replaced where a module uses them, and only there. */
export const INJECTED: readonly string[] = [INERT_GLOBALS];

export const inertGlobals: Plugin = {
  name: 'inert-globals',
  setup(context) {
    context.onResolve({ filter: /^souk:inert-globals$/ }, () => ({
      path: 'inert-globals',
      namespace: NAMESPACE,
      sideEffects: false,
    }));
    context.onLoad({ filter: /^inert-globals$/, namespace: NAMESPACE }, () => ({ contents: SOURCE }));
  },
};

/** @returns whether a module of the bundle is one of these, and no file */
export const isInertModule = (path: string): boolean => path === INERT_GLOBALS;
