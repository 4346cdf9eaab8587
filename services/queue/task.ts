/** What queues hold, and which there are. */
import type { JsonObject } from '../../spec/json.ts';

export const QUEUE_NAMES = ['jobs'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** One unit of work that a worker has taken. */
export type Task = {
  readonly id: string;
  readonly data: JsonObject;
  /** How often it was taken before; a settlement of an earlier time is ignored. */
  readonly retryCount: number;
};

export type NewTask = {
  readonly data: JsonObject;
  /** Of tasks of the same group a limited number is at work at a time. */
  readonly group: string;
  readonly delayMs?: number;
};

export type QueueLog = { warn(fields: object, message: string): void };
