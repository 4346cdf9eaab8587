/** How many requests are in flight, of a run, of an installation and of the server. */
import { EGRESS_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';

export type Slots = {
  /**
   * Takes a slot of each kind, or refuses at once: a run that waits would only use up its time.
   * @returns what gives them back; a second call does nothing
   * @throws Refusal `egress_busy`
   */
  take(owner: SlotOwner): () => void;
};

export type SlotOwner = { readonly installationId: string; readonly requestId: string };

export function createSlots(): Slots {
  const inFlight = new Map<string, number>();
  const count = (key: string): number => inFlight.get(key) ?? 0;
  const add = (key: string, step: 1 | -1): void => {
    const next = count(key) + step;
    if (next === 0) inFlight.delete(key);
    else inFlight.set(key, next);
  };
  return {
    take: ({ installationId, requestId }) => {
      const wanted = [
        { key: `run ${installationId} ${requestId}`, max: EGRESS_LIMITS.perRunMax, whose: 'this run' },
        { key: `of ${installationId}`, max: EGRESS_LIMITS.perInstallationMax, whose: 'this installation' },
        { key: 'all', max: EGRESS_LIMITS.perServerMax, whose: 'this server' },
      ];
      const full = wanted.find(({ key, max }) => count(key) >= max);
      if (full) {
        throw new Refusal('egress_busy', { detail: `${full.max} requests of ${full.whose} are in flight.` });
      }
      for (const { key } of wanted) add(key, 1);
      return () => {
        for (const { key } of wanted.splice(0)) add(key, -1);
      };
    },
  };
}
