import type { ErrorCodeEntry } from './entry.ts';

/** Codes of the database that stop a server at its start; `database_unavailable` is among the codes of HTTP. */
export const DATABASE_ERRORS = {
  database_version_unsupported: {
    status: 503,
    kind: 'state',
    title: 'The PostgreSQL server is older than Souk needs.',
    hint: 'Point DATABASE_URL at PostgreSQL 15 or later.',
  },
  database_role_unsuitable: {
    status: 503,
    kind: 'state',
    title: 'The role of DATABASE_URL is above row level security.',
    hint: 'Create a role without SUPERUSER and BYPASSRLS that owns the database, and use it in DATABASE_URL.',
  },
  database_access_refused: {
    status: 503,
    kind: 'state',
    title: 'PostgreSQL refuses the login of DATABASE_URL.',
    hint: 'Check user, password, database and TLS in DATABASE_URL, and that the role owns the database.',
  },
  database_missing: {
    status: 503,
    kind: 'state',
    title: 'PostgreSQL has no database of the name in DATABASE_URL.',
    hint: 'Create it, owned by the role of DATABASE_URL, or correct the name.',
  },
  database_contact_failed: {
    status: 503,
    kind: 'state',
    title: 'PostgreSQL did not take the first query of this server.',
    hint: 'Check the options in DATABASE_URL, and that a PostgreSQL server listens there; its log says more.',
  },
  database_url_invalid: {
    status: 400,
    kind: 'input',
    title: 'DATABASE_URL is not a PostgreSQL address.',
    hint: 'Use postgres://user:password@host:port/database.',
  },
  database_schema_newer: {
    status: 503,
    kind: 'state',
    title: 'The database was migrated by a newer Souk.',
    hint: 'Start the newer release, or restore a backup from before its migration.',
  },
  embedded_database_unsupported: {
    status: 503,
    kind: 'state',
    title: 'There is no built-in database for this platform.',
    hint: 'Set DATABASE_URL to a PostgreSQL server, version 15 or later.',
  },
  embedded_database_version_foreign: {
    status: 503,
    kind: 'state',
    title: 'The data folder was made by another major version of PostgreSQL.',
    hint: 'Start the release of Souk that made it, export there and import here; or use an empty data folder.',
  },
  embedded_database_failed: {
    status: 503,
    kind: 'state',
    title: 'The built-in database did not start.',
    hint: 'The file postgres.log in the data folder has the reason; setting DATABASE_URL replaces the built-in one.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
