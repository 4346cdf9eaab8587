/** A race on a seed: `race-room@1` opens the room, where the organization has an implementation of it. */
import type { Host } from 'souk/sdk';
import type { Seed } from './generator.ts';

export type Race =
  | { readonly room: string; readonly url: string | null }
  /** The race can be run without a room; this says why there is none. */
  | { readonly room: null; readonly reason: string };

export async function openRace(title: string, goal: string, seed: Seed, host: Host): Promise<Race> {
  try {
    const opened = await host.contracts.call('race-room@1', 'openRoom', {
      category: title,
      goal,
      info: `Seed ${seed.hash}`,
    });
    const { room, url } = opened as { room: string; url?: string };
    return { room, url: url ?? null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    host.log.warn('no race room:', reason);
    return { room: null, reason };
  }
}
