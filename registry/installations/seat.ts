/** What an organization has of a global plugin; see seats.ts for how seats follow their source. */
import type { JsonObject } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';

export type Seat = {
  /** The installation in the instance's own organization. */
  readonly sourceId: string;
  /** The source's configuration, above what the organization sets. */
  readonly config: JsonObject;
  /** What the organization wants; `active` is a seat whose organization wants it to run and whose source does. */
  readonly wish: 'run' | 'stop';
  readonly source: 'runs' | 'stopped';
};

export const SOURCE_STOPPED = 'The administrators of the instance have stopped it.';

/** @returns the refusal of what only the instance may decide */
export function decidedByInstance(plugin: PluginId, why: string): Refusal {
  return new Refusal('plugin_is_global', { detail: `${plugin}: ${why}`, extensions: { plugin } });
}

/** @throws Refusal `plugin_is_global` for a seat whose source is stopped: its organization cannot start it */
export function requireSourceRuns(plugin: PluginId, seat: Seat | null | undefined): void {
  if (seat?.source === 'stopped') throw decidedByInstance(plugin, SOURCE_STOPPED);
}
