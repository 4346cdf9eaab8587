import type { ErrorCodeEntry } from './entry.ts';

/** Codes of the resolver: what was asked for cannot be answered, or not within the budget. */
export const RESOLVER_ERRORS = {
  resolution_impossible: {
    status: 409,
    kind: 'state',
    title: 'No set of versions meets all requirements.',
    hint: 'Change or drop one of the requirements that the explanation names.',
  },
  dependency_cycle: {
    status: 409,
    kind: 'state',
    title: 'Plugins require each other in a circle.',
    hint: 'One plugin of the circle has to make its dependency optional; tell its publisher, or ask for another version.',
  },
  range_invalid: {
    status: 400,
    kind: 'input',
    title: 'This is not a version range.',
    hint: 'Write a semver range such as ^1.2.0, >=1.0.0 <3 or 1.4.2.',
  },
  version_invalid: {
    status: 400,
    kind: 'input',
    title: 'This is not a version that can be resolved.',
    hint: 'Write major.minor.patch with an optional prerelease, without build metadata, each version once.',
  },
  resolution_budget_exceeded: {
    status: 422,
    kind: 'limit',
    title: 'Resolving took more work than one request may cost.',
    hint: 'Narrow the ranges, or ask for fewer plugins at once.',
  },
  resolution_canceled: {
    status: 503,
    kind: 'state',
    title: 'Resolving was canceled before it had an answer.',
    hint: 'Try again; nothing was changed.',
    retryAfterSeconds: 1,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
