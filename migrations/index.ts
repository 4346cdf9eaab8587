/** Every migration, in the order of running. A migration that has been released is never changed. */
import type { NamedMigration } from '../database/index.ts';
import { Migration0001 } from './0001-identity.ts';
import { Migration0002 } from './0002-registry.ts';
import { Migration0003 } from './0003-installations.ts';
import { Migration0004 } from './0004-key-value.ts';
import { Migration0005 } from './0005-pending-upgrades.ts';
import { Migration0006 } from './0006-availability.ts';
import { Migration0007 } from './0007-secrets.ts';
import { Migration0008 } from './0008-organization-events.ts';
import { Migration0009 } from './0009-action-roles.ts';
import { Migration0010 } from './0010-safe-mode.ts';
import { Migration0011 } from './0011-revocation.ts';
import { Migration0012 } from './0012-mail.ts';
import { Migration0013 } from './0013-jobs.ts';
import { Migration0014 } from './0014-events.ts';
import { Migration0015 } from './0015-schedules.ts';
import { Migration0020 } from './0020-global-plugins.ts';
import { Migration0030 } from './0030-telemetry.ts';
import { Migration0035 } from './0035-installation-status.ts';
import { Migration0036 } from './0036-organization-limits.ts';
import { Migration0040 } from './0040-contracts.ts';
import { Migration0031 } from './0031-records.ts';
import { Migration0041 } from './0041-files.ts';
import { Migration0050 } from './0050-import-jobs.ts';
import { Migration0055 } from './0055-event-lanes.ts';
import { Migration0060 } from './0060-organization-rates.ts';
import { Migration0061 } from './0061-job-sizes.ts';

export const MIGRATIONS: readonly NamedMigration[] = [
  { name: '0001-identity', class: Migration0001 },
  { name: '0002-registry', class: Migration0002 },
  { name: '0003-installations', class: Migration0003 },
  { name: '0004-key-value', class: Migration0004 },
  { name: '0005-pending-upgrades', class: Migration0005 },
  { name: '0006-availability', class: Migration0006 },
  { name: '0007-secrets', class: Migration0007 },
  { name: '0008-organization-events', class: Migration0008 },
  { name: '0009-action-roles', class: Migration0009 },
  { name: '0010-safe-mode', class: Migration0010 },
  { name: '0011-revocation', class: Migration0011 },
  { name: '0012-mail', class: Migration0012 },
  { name: '0013-jobs', class: Migration0013 },
  { name: '0014-events', class: Migration0014 },
  { name: '0015-schedules', class: Migration0015 },
  { name: '0020-global-plugins', class: Migration0020 },
  { name: '0030-telemetry', class: Migration0030 },
  { name: '0035-installation-status', class: Migration0035 },
  { name: '0036-organization-limits', class: Migration0036 },
  { name: '0040-contracts', class: Migration0040 },
  { name: '0031-records', class: Migration0031 },
  { name: '0041-files', class: Migration0041 },
  { name: '0050-import-jobs', class: Migration0050 },
  { name: '0055-event-lanes', class: Migration0055 },
  { name: '0060-organization-rates', class: Migration0060 },
  { name: '0061-job-sizes', class: Migration0061 },
];
