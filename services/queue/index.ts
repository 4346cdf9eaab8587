export { openQueue, type Queue } from './queue.ts';
export { createSignal, type Signal } from './signal.ts';
export type { NewTask, QueueLog, Task } from './task.ts';
