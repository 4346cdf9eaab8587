import type { ErrorCodeEntry } from './entry.ts';

/** Codes of the command line's own making. */
export const CLI_ERRORS = {
  server_unreachable: {
    status: 503,
    kind: 'state',
    title: 'No Souk server answers.',
    hint: 'Check the address with souk login, SOUK_URL or --url, and that the server runs.',
  },
  server_answer_unknown: {
    status: 502,
    kind: 'state',
    title: 'The server answered something that this command does not understand.',
    hint: 'Check that the address is that of a Souk server of the same major version.',
  },
  not_logged_in: {
    status: 401,
    kind: 'access',
    title: 'This verb needs a token.',
    hint: 'Run souk login, or set SOUK_TOKEN.',
  },
  org_not_named: {
    status: 400,
    kind: 'input',
    title: 'This verb works in an organization.',
    hint: 'Name it with --org or SOUK_ORG.',
  },
  file_unreadable: {
    status: 400,
    kind: 'input',
    title: 'The file or folder cannot be read.',
    hint: 'Check the path and its permissions.',
  },
  file_unwritable: {
    status: 400,
    kind: 'input',
    title: 'The file or folder cannot be written.',
    hint: 'Check the path, its permissions and the space on the disk.',
  },
  file_exists: {
    status: 409,
    kind: 'state',
    title: 'The file or folder exists already, and is not overwritten.',
    hint: 'Give another name, or move the old one away.',
  },
  timeout_invalid: {
    status: 400,
    kind: 'input',
    title: 'This is not how long a verb can wait.',
    hint: 'Give whole seconds, from 1 to 86400.',
  },
  job_not_ended: {
    status: 504,
    kind: 'state',
    title: 'The job has not ended in the time that the verb waits.',
    hint: 'It goes on: souk jobs show tells how it ends, and --timeout waits longer.',
  },
  time_invalid: {
    status: 400,
    kind: 'input',
    title: 'This is not a time.',
    hint: 'Write it as 2026-01-31T12:00:00Z.',
  },
  plugin_id_invalid: {
    status: 400,
    kind: 'input',
    title: 'This is not a plugin id.',
    hint: 'Write publisher/name in lower-case letters, digits and single hyphens, such as kelompok/csv-import.',
  },
  release_invalid: {
    status: 400,
    kind: 'input',
    title: 'This is not a release of a plugin.',
    hint: 'Write publisher/name@version, such as kelompok/csv-import@1.2.0.',
  },
  config_file_invalid: {
    status: 400,
    kind: 'input',
    title: 'The configuration file is not JSON that every reader understands alike.',
    hint: 'Write one JSON object in UTF-8, each key once.',
  },
  lock_file_invalid: {
    status: 400,
    kind: 'input',
    title: 'The lock file is not JSON that every reader understands alike.',
    hint: 'Use a file that souk plugin lock --out wrote, unchanged.',
  },
  key_not_of_publisher: {
    status: 400,
    kind: 'input',
    title: 'This is not the id of a key that the publisher has or had.',
    hint: 'Copy the whole id from souk keys show.',
  },
  key_role_empty: {
    status: 400,
    kind: 'input',
    title: 'Somebody has to be able to sign.',
    hint: 'Name the keys that take over with --root and --key.',
  },
  key_file_exposed: {
    status: 400,
    kind: 'policy',
    title: 'Other users of this machine can read the private key.',
    hint: 'Run chmod 600 on the file; if others may have read it, make a new key.',
  },
  pack_entry_irregular: {
    status: 400,
    kind: 'input',
    title: 'The folder holds something that is neither a file nor a folder.',
    hint: 'Replace links by the files that they point to, and remove the rest.',
  },
  pack_private_key: {
    status: 400,
    kind: 'policy',
    title: 'The folder holds a private key.',
    hint: 'Move the key out of the folder; a package is public.',
  },
  pack_bundle_failed: {
    status: 400,
    kind: 'input',
    title: 'The code cannot be bundled into one module.',
    hint: 'Mend what is listed; only web standard APIs and npm packages that need nothing else can be bundled.',
  },
  pack_builtin_module: {
    status: 400,
    kind: 'input',
    title: 'The code imports a module of Node, which plugins do not have.',
    hint: 'Use the web standard instead (fetch, crypto, URL, streams), or a package with a build for browsers or workers.',
  },
  dev_values_invalid: {
    status: 400,
    kind: 'input',
    title: 'The file .souk-dev.json does not say what souk dev reads.',
    hint: 'It is one JSON object with config, secrets, deny and egressAllow, all optional; docs/cli.md explains each.',
  },
  dev_port_taken: {
    status: 409,
    kind: 'state',
    title: 'The port cannot be listened on.',
    hint: 'Give another one with --port; 0 takes one that is free.',
  },
  dev_request_foreign: {
    status: 403,
    kind: 'access',
    title: 'souk dev answers this machine alone, and its controls no page of a browser.',
    hint: 'Call it by the address that it printed, and its controls from a terminal.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
