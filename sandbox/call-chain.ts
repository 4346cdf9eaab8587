/** Plugins that call each other: never in a circle, and not without end. */
import type { Guest } from './ports.ts';
import { Refusal } from '../spec/refusal.ts';

/** Plugins that may call each other in a row, the first included. */
const CHAIN_MAX = 8;

/**
 * @param chain installations that wait for the answer, outermost first
 * @throws Refusal `plugin_chain_refused`
 */
export function requireNoCircle(
  chain: readonly string[],
  { installationId, plugin }: Pick<Guest, 'installationId' | 'plugin'>,
): void {
  const isCircle = chain.includes(installationId);
  if (!isCircle && chain.length < CHAIN_MAX) return;
  throw new Refusal('plugin_chain_refused', {
    detail: isCircle
      ? `${plugin.id} is already waiting in this chain of calls.`
      : `More than ${CHAIN_MAX} plugins in a row.`,
  });
}
