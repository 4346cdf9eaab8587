/** A plugin that is installed and does not run: what is wrong, and who mends it. */
import { ERROR_CODES } from './error-codes.ts';
import { Refusal } from './refusal.ts';

/**
 * @param standstill why nothing runs on this instance, or null where it is the plugin alone that does not
 * @returns Refusal `plugin_not_active`
 */
export function pluginNotActive(plugin: string, standstill: string | null): Refusal {
  if (standstill === null)
    return new Refusal('plugin_not_active', { detail: `${plugin} is installed here, but not active.` });
  return new Refusal('plugin_not_active', { detail: standstill, hint: ERROR_CODES.safe_mode_on.hint });
}
