export { eventCapabilities } from '../../spec/host/events.ts';
export type { DeadLetter, DeadLetterChoice, DeadLetterQuery } from './dead-letters.ts';
export type { Emitted, NewEvent } from '../../spec/host/events.ts';
export { EVENT_ENTITIES } from './entities.ts';
export type { Tell } from './emit.ts';
export { openEvents, type Events } from './events.ts';
