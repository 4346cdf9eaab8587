import type { ErrorCodeEntry } from './entry.ts';

/** Codes of schedules. */
export const SCHEDULE_ERRORS = {
  schedule_not_found: {
    status: 404,
    kind: 'state',
    title: 'There is no such schedule.',
    hint: 'List the schedules of the organization.',
  },
  schedule_invalid: {
    status: 422,
    kind: 'input',
    title: 'This is no schedule.',
    hint: 'Give five fields of cron, such as "30 6 * * MON-FRI", a time zone such as Europe/Berlin, and a name of its own.',
  },
  schedule_declared: {
    status: 409,
    kind: 'state',
    title: 'The plugin declares this schedule.',
    hint: 'Pause it; it is gone once a version without it is installed.',
  },
  schedules_too_many: {
    status: 429,
    kind: 'limit',
    title: 'The organization has too many schedules.',
    hint: 'Remove some, or let one command do several things.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
