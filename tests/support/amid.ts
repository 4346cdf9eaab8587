/** A moment amid work that goes on at once, however fast the machine is: where a server is killed. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the next one may be caught, between two that have ended. */
const PAUSE_MS_MAX = 20;

/**
 * Waits until some of them have ended, from none to all but one, and a little longer.
 * @param works none of which rejects
 */
export async function amid(works: readonly Promise<unknown>[]): Promise<void> {
  const some = randomInt(works.length);
  const reached = Promise.withResolvers<void>();
  let ended = 0;
  for (const work of works)
    void work.then(() => {
      ended += 1;
      if (ended === some) reached.resolve();
    });
  if (some > 0) await reached.promise;
  await sleep(randomInt(PAUSE_MS_MAX));
}
