import type { ErrorCodeEntry } from './entry.ts';

/** Codes of events between plugins. */
export const EVENT_ERRORS = {
  event_invalid: {
    status: 422,
    kind: 'input',
    title: 'This is no event.',
    hint: 'Use a name such as race.finished, a key of 1 to 256 bytes or none, and at most 64 KiB of JSON.',
  },
  event_undeclared: {
    status: 422,
    kind: 'input',
    title: 'The plugin does not declare this event.',
    hint: 'List it under "contributes.events.emits" in the manifest, with the schema of its data.',
  },
  event_data_invalid: {
    status: 422,
    kind: 'input',
    title: 'The data does not fit the schema of the event.',
    hint: 'Compare with the schema under "contributes.events.emits" in the manifest.',
  },
  event_reserved: {
    status: 422,
    kind: 'policy',
    title: 'Only Souk itself, or one plugin, tells this.',
    hint: 'Choose another name; docs/authors/events.md lists those that are reserved.',
  },
  event_depth_exceeded: {
    status: 409,
    kind: 'limit',
    title: 'Too many events led to each other.',
    hint: 'Two plugins may answer each other without end: look at what the handlers of these events emit.',
  },
  events_too_many: {
    status: 429,
    kind: 'limit',
    title: 'Too many events of the organization wait to be delivered.',
    hint: 'Emit again when some have been delivered; look at the dead letters and at slow handlers.',
  },
  dead_letter_not_found: {
    status: 404,
    kind: 'state',
    title: 'There is no such dead letter.',
    hint: 'List them: GET /api/v1/orgs/{org}/events/dead-letters. They are kept for thirty days.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
