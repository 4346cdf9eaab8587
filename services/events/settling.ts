/** Ends of deliveries, a few milliseconds' worth of them at a time: one transaction for many. */
import type { Database } from '../../database/index.ts';
import type { Queue, QueueLog, Task } from '../queue/index.ts';

/** What came of the first delivery of a lane. */
export type Settlement =
  | { readonly kind: 'delivered'; readonly delivery: string | null; readonly task: Task }
  | {
      readonly kind: 'dead';
      readonly delivery: string;
      readonly error: string;
      readonly attempts: number;
      readonly task: Task;
    }
  /** `attempts` is what stood before where nobody is to blame. */
  | {
      readonly kind: 'again';
      readonly delivery: string;
      readonly error: string;
      readonly attempts: number;
      readonly task: Task;
    };

export type Settling = {
  /** Resolves when it is written, or given up because the server stops: then it is delivered once more. */
  settle(settlement: Settlement): Promise<void>;
  stop(): void;
};

const GATHER_MS = 2;
const RETRY_MS = 500;

type Ports = { readonly database: Database; readonly queue: Queue; readonly log: QueueLog };

export function createSettling(ports: Ports): Settling {
  let gathered: { readonly settlement: Settlement; readonly resolve: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const state = { isStopping: false };
  const flush = async (): Promise<void> => {
    timer = undefined;
    const batch = gathered;
    gathered = [];
    const settlements = batch.map(({ settlement }) => settlement);
    while (!(await tryWrite(ports, settlements)) && !state.isStopping) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    for (const { resolve } of batch) resolve();
  };
  return {
    settle: (settlement) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gathered.push({ settlement, resolve });
      timer ??= setTimeout(() => void flush(), GATHER_MS);
      return promise;
    },
    stop: () => {
      state.isStopping = true;
    },
  };
}

async function tryWrite(ports: Ports, settlements: readonly Settlement[]): Promise<boolean> {
  try {
    await write(ports, settlements);
    return true;
  } catch (error) {
    ports.log.warn(
      { err: error, deliveries: settlements.length },
      'deliveries of events could not be recorded yet',
    );
    return false;
  }
}

/** A delivery leaves its lane before its task does: the next task finds the next delivery. */
async function write({ database, queue }: Ports, settlements: readonly Settlement[]): Promise<void> {
  const over = settlements.filter(({ kind }) => kind !== 'again');
  await database.transaction({ kind: 'instance' }, async (tx) => {
    const delivered = settlements.flatMap((each) =>
      each.kind === 'delivered' && each.delivery !== null ? [each.delivery] : [],
    );
    if (delivered.length > 0) {
      await tx.em.execute(
        `delete from event_delivery where id in (select jsonb_array_elements_text(?::jsonb)::bigint)`,
        [JSON.stringify(delivered)],
      );
    }
    for (const each of settlements) {
      if (each.kind === 'delivered') continue;
      const isDead = each.kind === 'dead';
      await tx.em.execute(
        `update event_delivery set attempts = ?, last_error = ?, state = ?, dead_at = ? where id = ?`,
        [each.attempts, each.error, isDead ? 'dead' : 'waiting', isDead ? new Date() : null, each.delivery],
      );
    }
    if (over.length > 0)
      await queue.finish(
        tx,
        'events',
        over.map(({ task }) => task),
      );
  });
  for (const each of settlements) if (each.kind === 'again') await queue.giveBack('events', each.task);
}
