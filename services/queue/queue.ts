/**
 * The queues of all servers, kept by pg-boss in the schema `souk_queue`. A task holds ids alone: what it is about lies
 * in tables under row level security. A task is sent, and finished, in the transaction of what it is about.
 *
 * A task that was taken by a server which then died comes back after `heartbeatSeconds`: whoever works must find out
 * by its own rows whether it was begun before.
 */
import { randomUUID } from 'node:crypto';
import { PgBoss } from 'pg-boss';
import type { Database, Transaction } from '../../database/index.ts';
import { QUEUE_LIMITS } from '../../spec/limits.ts';
import { poolExecutor, transactionExecutor } from './executor.ts';
import { createSignal } from './signal.ts';
import { QUEUE_NAMES, type NewTask, type QueueLog, type QueueName, type Task } from './task.ts';
import { startWorker, type Handle, type Worker, type WorkerOptions } from './worker.ts';

/** The schema of pg-boss's tables. */
export const QUEUE_SCHEMA = 'souk_queue';

/** Queues that earlier versions made. */
const FORMER_QUEUES = ['events'];

export type Queue = {
  /** Adds tasks when the transaction commits, and wakes the workers of all servers. */
  send(tx: Transaction, queue: QueueName, tasks: readonly NewTask[]): Promise<void>;
  /** Takes finished tasks away in the transaction that records what came of them. */
  finish(tx: Transaction, queue: QueueName, tasks: readonly Task[]): Promise<void>;
  /** Gives a task back, to be taken again after a growing delay. */
  giveBack(queue: QueueName, task: Task): Promise<void>;
  /** Begins to take tasks. */
  work(queue: QueueName, options: WorkerOptions, handle: Handle): Worker;
  close(): Promise<void>;
};

/** @param log gets what pg-boss reports; a database that is away is reported once for each loss */
export async function openQueue(database: Database, log: QueueLog): Promise<Queue> {
  const boss = createBoss(database, log);
  await boss.start();
  for (const name of QUEUE_NAMES) await boss.createQueue(name, QUEUES[name]);
  for (const name of FORMER_QUEUES) if (await boss.getQueue(name)) await boss.deleteQueue(name);
  const workers = new Map<QueueName, Worker>();
  const signal = await createSignal(database, QUEUE_SCHEMA, QUEUE_NAMES, (queue) =>
    workers.get(queue)?.wake(),
  );
  return {
    send: async (tx, queue, tasks) => {
      if (tasks.length === 0) return;
      await boss.insert(queue, tasks.map(toJob), { db: transactionExecutor(tx) });
      if (tasks.some(({ delayMs }) => !delayMs)) tx.afterCommit(() => signal.give(queue));
    },
    finish: async (tx, queue, tasks) => {
      await boss.deleteJob(queue, [...tasks], { db: transactionExecutor(tx) });
    },
    giveBack: async (queue, task) => {
      await boss.fail(queue, [task]);
    },
    work: (queue, options, handle) => {
      const worker = startWorker({ boss, queue, log }, options, handle);
      workers.set(queue, worker);
      return worker;
    },
    close: async () => {
      signal.close();
      await Promise.all([...workers.values()].map((worker) => worker.close()));
      await boss.stop({ graceful: false, close: false });
    },
  };
}

const COMMON = {
  // How often something may fail is decided by its own rows: here a task never gives up.
  retryLimit: 1_000_000,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: QUEUE_LIMITS.retryDelaySecondsMax,
  heartbeatSeconds: QUEUE_LIMITS.heartbeatSeconds,
  expireInSeconds: QUEUE_LIMITS.taskSecondsMax,
  retentionSeconds: QUEUE_LIMITS.waitingSecondsMax,
} as const;

const QUEUES = { jobs: { ...COMMON, policy: 'standard' } } as const;

function createBoss(database: Database, log: QueueLog): PgBoss {
  const boss = new PgBoss({
    db: poolExecutor(database),
    schema: QUEUE_SCHEMA,
    // Schedules are rows of ours: they belong to organizations.
    schedule: false,
    superviseIntervalSeconds: QUEUE_LIMITS.superviseSeconds,
    monitorIntervalSeconds: QUEUE_LIMITS.superviseSeconds,
    maintenanceIntervalSeconds: 600,
  });
  boss.on('error', (error) => log.warn({ err: error }, 'queue: a step failed'));
  boss.on('warning', (warning) => log.warn({ warning: warning.message }, 'queue: warning'));
  return boss;
}

function toJob({ data, group, delayMs }: NewTask): {
  id: string;
  data: object;
  group: { id: string };
  startAfter?: string;
} {
  return {
    id: randomUUID(),
    data,
    group: { id: group },
    ...(delayMs ? { startAfter: new Date(Date.now() + delayMs).toISOString() } : {}),
  };
}
