export { openQueue, type NewTask, type Queue, type QueueLog, type Task } from './queue.ts';
export { createSignal, type Signal } from './signal.ts';
