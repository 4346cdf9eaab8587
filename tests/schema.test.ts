import { afterAll, beforeAll, expect, test } from 'vitest';
import { AUDIT_ENTITIES } from '../database/index.ts';
import { IDENTITY_ENTITIES } from '../identity/index.ts';
import { REGISTRY_ENTITIES } from '../registry/entities/index.ts';
import { INSTALLATION_ENTITIES } from '../registry/installations/entities/index.ts';
import { EVENT_ENTITIES } from '../services/events/entities.ts';
import { JOB_ENTITIES } from '../services/jobs/entities.ts';
import { CONTRACT_ENTITIES } from '../services/contracts/entities.ts';
import { FILE_ENTITIES } from '../services/files/entities.ts';
import { KV_ENTITIES } from '../services/kv/entities.ts';
import { MAIL_ENTITIES } from '../services/mail/entities.ts';
import { RECORD_ENTITIES } from '../services/records/entities.ts';
import { SCHEDULE_ENTITIES } from '../services/schedules/entities.ts';
import { SECRET_ENTITIES } from '../services/secrets/entities.ts';
import { LIMIT_ENTITIES } from '../services/limits/entities.ts';
import { TELEMETRY_ENTITIES } from '../services/telemetry/entities.ts';
import { startTestDatabase, type TestDatabase } from './support/database.ts';

let fixture: TestDatabase;

beforeAll(async () => {
  fixture = await startTestDatabase([
    ...AUDIT_ENTITIES,
    ...IDENTITY_ENTITIES,
    ...REGISTRY_ENTITIES,
    ...INSTALLATION_ENTITIES,
    ...KV_ENTITIES,
    ...SECRET_ENTITIES,
    ...TELEMETRY_ENTITIES,
    ...LIMIT_ENTITIES,
    ...MAIL_ENTITIES,
    ...JOB_ENTITIES,
    ...CONTRACT_ENTITIES,
    ...RECORD_ENTITIES,
    ...EVENT_ENTITIES,
    ...FILE_ENTITIES,
    ...SCHEDULE_ENTITIES,
  ]);
});

afterAll(() => fixture.drop());

/** Triggers are written by migrations alone; a table in no list would show as one to be dropped. */
const TRIGGER = /^drop (?:trigger|function) if exists/u;

test('the migrated tables are what the entities say', async () => {
  const difference = await fixture.database.orm.schema.getUpdateSchemaSQL({ wrap: false });
  const statements = difference.split('\n').filter((line) => line !== '' && !TRIGGER.test(line));
  expect(statements).toEqual([]);
});

test('row level security is enabled and forced on every table but those of the migrations', async () => {
  const { rows } = await fixture.superuser.query<{ name: string }>(
    `select relname as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = 'public' and relkind = 'r' and not (relrowsecurity and relforcerowsecurity)`,
  );
  expect(rows.map(({ name }) => name)).toEqual(['souk_migration']);
});
