/**
 * Tells the workers of all servers that there are tasks. It is sent after the commit and for many at once: PostgreSQL
 * lets one notifying transaction commit at a time, and whoever emits should not stand in that line. One that gets lost
 * with its server is made up for by the look that every worker takes each second.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from '../../database/index.ts';
import { QUEUE_LIMITS } from '../../spec/limits.ts';
import { poolExecutor } from './executor.ts';

export type Signal<Name extends string> = {
  give(queue: Name): void;
  close(): void;
};

/** @param wake the worker of this server; at once for what this server has sent itself */
export async function createSignal<Name extends string>(
  database: Database,
  channel: string,
  names: readonly Name[],
  wake: (queue: Name) => void,
): Promise<Signal<Name>> {
  const self = randomUUID();
  const { executeSql } = poolExecutor(database);
  const stopListening = await database.notifications.listen(channel, {
    notified: (payload) => {
      const [sender, name] = payload.split(' ');
      const queue = names.find((each) => each === name);
      if (queue && sender !== self) wake(queue);
    },
    connected: () => {
      for (const name of names) wake(name);
    },
  });
  const waiting = new Map<Name, NodeJS.Timeout>();
  const again = new Set<Name>();
  const tellOthers = (queue: Name): void => {
    if (waiting.has(queue)) return void again.add(queue);
    // Without a database nobody can take tasks; once it is back everybody looks.
    void executeSql('select pg_notify($1, $2)', [channel, `${self} ${queue}`]).catch(() => undefined);
    const pause = setTimeout(() => {
      waiting.delete(queue);
      if (again.delete(queue)) tellOthers(queue);
    }, QUEUE_LIMITS.signalPauseMs).unref();
    waiting.set(queue, pause);
  };
  return {
    give: (queue) => {
      wake(queue);
      tellOthers(queue);
    },
    close: () => {
      stopListening();
      for (const pause of waiting.values()) clearTimeout(pause);
      again.clear();
    },
  };
}
