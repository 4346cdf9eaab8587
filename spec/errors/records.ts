import type { ErrorCodeEntry } from './entry.ts';

/** Codes of modules, records and imports. */
export const RECORD_ERRORS = {
  name_ambiguous: {
    status: 409,
    kind: 'state',
    title: 'Several plugins claim this name.',
    hint: 'Use the qualified name: publisher.name.word.',
  },
  record_type_unknown: {
    status: 404,
    kind: 'state',
    title: 'There is no such record type.',
    hint: 'GET /api/v1/orgs/{org}/modules lists the record types.',
  },
  record_type_not_in_force: {
    status: 409,
    kind: 'state',
    title: 'The plugin that brings this record type is not in force.',
    hint: 'Activate it, and grant it modules.extend; what is stored stays.',
  },
  record_not_found: {
    status: 404,
    kind: 'state',
    title: 'There is no such record.',
    hint: 'List the records of the type.',
  },
  record_referenced: {
    status: 409,
    kind: 'state',
    title: 'Something refers to this record.',
    hint: 'Erase or change what refers to it, and decide about rows that wait, before.',
  },
  record_request_invalid: {
    status: 422,
    kind: 'input',
    title: 'The record store does not take these arguments.',
    hint: 'Compare with docs/authors/records-and-modules.md.',
  },
  record_quota_exceeded: {
    status: 413,
    kind: 'limit',
    title: 'The organization keeps as many records or rows of evidence as it may.',
    hint: 'Tell the operator of the instance.',
  },
  import_not_running: {
    status: 409,
    kind: 'state',
    title: 'The import takes no rows.',
    hint: 'Propose rows from the run that the import began, with its own id.',
  },
  import_not_found: {
    status: 404,
    kind: 'state',
    title: 'There is no such import.',
    hint: 'List the imports of the organization.',
  },
  import_row_not_held: {
    status: 409,
    kind: 'state',
    title: 'This row waits for nobody.',
    hint: 'List the rows that wait for review.',
  },
  import_decision_invalid: {
    status: 422,
    kind: 'input',
    title: 'The row cannot be decided this way.',
    hint: 'Accept it as new, merge it into a record of the same type, or reject it.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
