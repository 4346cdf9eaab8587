import type { NamedLock } from '../../database/index.ts';

/** While it is held, nobody else publishes under this name, reviews, yanks or re-signs a version of it. */
export function pluginLock(pluginId: string): NamedLock {
  return { name: `plugin:${pluginId}`, mode: 'exclusive' };
}
