/** The one table of error codes: stable names, HTTP statuses and safe sentences. Each house has its part. */
import { ARCHIVE_ERRORS } from './errors/archive.ts';
import { CONTRACT_ERRORS } from './errors/contracts.ts';
import { DATABASE_ERRORS } from './errors/database.ts';
import { CLI_ERRORS } from './errors/cli.ts';
import type { ErrorCodeEntry } from './errors/entry.ts';
import { EVENT_ERRORS } from './errors/events.ts';
import { HTTP_ERRORS } from './errors/http.ts';
import { IDENTITY_ERRORS } from './errors/identity.ts';
import { INSPECTION_ERRORS } from './errors/inspection.ts';
import { INSTALLATION_ERRORS } from './errors/installations.ts';
import { JOB_ERRORS } from './errors/jobs.ts';
import { MANIFEST_ERRORS } from './errors/manifest.ts';
import { RECORD_ERRORS } from './errors/records.ts';
import { REGISTRY_ERRORS } from './errors/registry.ts';
import { RESOLVER_ERRORS } from './errors/resolver.ts';
import { RUNTIME_ERRORS } from './errors/runtime.ts';
import { SCHEDULE_ERRORS } from './errors/schedules.ts';
import { SERVICE_ERRORS } from './errors/services.ts';
import { SIGNING_ERRORS } from './errors/signing.ts';

export type { ErrorCodeEntry } from './errors/entry.ts';

const TABLE = {
  ...HTTP_ERRORS,
  ...DATABASE_ERRORS,
  ...IDENTITY_ERRORS,
  ...ARCHIVE_ERRORS,
  ...MANIFEST_ERRORS,
  ...INSPECTION_ERRORS,
  ...SIGNING_ERRORS,
  ...REGISTRY_ERRORS,
  ...RESOLVER_ERRORS,
  ...INSTALLATION_ERRORS,
  ...SERVICE_ERRORS,
  ...RECORD_ERRORS,
  ...JOB_ERRORS,
  ...EVENT_ERRORS,
  ...SCHEDULE_ERRORS,
  ...RUNTIME_ERRORS,
  ...CONTRACT_ERRORS,
  ...CLI_ERRORS,
} as const;

export type ErrorCode = keyof typeof TABLE;

export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorCodeEntry>> = TABLE;
