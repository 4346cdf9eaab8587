/** Takes tasks of one queue while it has room, and keeps those that it holds alive. */
import type { JobWithMetadata, PgBoss } from 'pg-boss';
import type { JsonObject } from '../../spec/json.ts';
import { QUEUE_LIMITS } from '../../spec/limits.ts';
import type { QueueLog, QueueName, Task } from './task.ts';

export type WorkerOptions = {
  /** Tasks that this server works on at the same time. */
  readonly tasksMax: number;
  /** Tasks of one group that all servers together work on at the same time. */
  readonly groupTasksMax: number;
};

/**
 * Works on tasks that were taken together.
 * @returns for each of them, in order, a promise that settles when it is over; it was finished or given back by then
 */
export type Handle = (tasks: readonly Task[]) => readonly Promise<void>[];

export type Worker = {
  /** Looks for tasks now. */
  wake(): void;
  /** Takes no more, and waits for what is at work. */
  close(): Promise<void>;
};

type Ports = { readonly boss: PgBoss; readonly queue: QueueName; readonly log: QueueLog };
type AtWork = { task: Task; readonly over: Promise<void> };

export function startWorker(ports: Ports, options: WorkerOptions, handle: Handle): Worker {
  const round = new Round(ports, options, handle);
  const heartbeat = setInterval(() => void round.keepAlive(), QUEUE_LIMITS.touchMs).unref();
  const looping = round.loop();
  return {
    wake: () => round.wake(),
    close: async () => {
      round.stop();
      await looping;
      await round.drained();
      clearInterval(heartbeat);
    },
  };
}

class Round {
  readonly #ports: Ports;
  readonly #options: WorkerOptions;
  readonly #handle: Handle;
  readonly #atWork = new Map<string, AtWork>();
  #isStopping = false;
  #isAwake = false;
  #isLost = false;
  #rouse: (() => void) | undefined;

  constructor(ports: Ports, options: WorkerOptions, handle: Handle) {
    this.#ports = ports;
    this.#options = options;
    this.#handle = handle;
  }

  wake(): void {
    this.#isAwake = true;
    this.#rouse?.();
  }

  stop(): void {
    this.#isStopping = true;
    this.wake();
  }

  async drained(): Promise<void> {
    await Promise.all([...this.#atWork.values()].map(({ over }) => over));
  }

  async loop(): Promise<void> {
    while (!this.#isStopping) {
      this.#isAwake = false;
      const taken = await this.#take();
      // What was full may have more; what was empty is asked again when woken, or after a while.
      if (taken === 'none') await this.#rest();
    }
  }

  async #take(): Promise<'some' | 'none'> {
    const room = this.#options.tasksMax - this.#atWork.size;
    if (room <= 0) return 'none';
    const tasks = await this.#fetch(Math.min(room, QUEUE_LIMITS.batchMax));
    const fresh = tasks.filter((task) => !this.#isStillAtWork(task));
    if (fresh.length > 0) this.#begin(fresh);
    return tasks.length > 0 ? 'some' : 'none';
  }

  async #fetch(batchSize: number): Promise<Task[]> {
    const { boss, queue, log } = this.#ports;
    const groupConcurrency = this.#options.groupTasksMax;
    try {
      const jobs = await boss.fetch<JsonObject>(queue, { batchSize, groupConcurrency });
      this.#isLost = false;
      return jobs.map(
        ({ id, data, retryCount }: Pick<JobWithMetadata<JsonObject>, 'id' | 'data' | 'retryCount'>) => ({
          id,
          data,
          retryCount,
        }),
      );
    } catch (error) {
      if (!this.#isLost && !this.#isStopping)
        log.warn({ err: error, queue }, 'queue: tasks cannot be taken right now');
      this.#isLost = true;
      return [];
    }
  }

  /** The database was away for longer than a heartbeat: the task came back to who never stopped working on it. */
  #isStillAtWork(task: Task): boolean {
    const held = this.#atWork.get(task.id);
    if (held) held.task = task;
    return held !== undefined;
  }

  #begin(tasks: readonly Task[]): void {
    const ends = this.#handle(tasks);
    for (const [index, task] of tasks.entries()) {
      const over = (ends[index] ?? Promise.resolve()).catch((error: unknown) =>
        this.#ports.log.warn({ err: error, queue: this.#ports.queue }, 'queue: a task failed'),
      );
      const freed = over.then(() => {
        this.#atWork.delete(task.id);
        this.wake();
      });
      this.#atWork.set(task.id, { task, over: freed });
    }
  }

  async keepAlive(): Promise<void> {
    const held = [...this.#atWork.values()].map(({ task }) => task);
    if (held.length === 0) return;
    // Without a database nobody else can take them either.
    await this.#ports.boss.touch(this.#ports.queue, held).catch(() => undefined);
  }

  async #rest(): Promise<void> {
    if (this.#isAwake) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, QUEUE_LIMITS.pollMs).unref();
    this.#rouse = resolve;
    await promise;
    clearTimeout(timer);
    this.#rouse = undefined;
  }
}
