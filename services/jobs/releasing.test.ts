import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import type { RunFile } from '../../spec/run.ts';
import { startTestDatabase } from '../../tests/support/database.ts';
import { FILE_ENTITIES, openFiles } from '../files/index.ts';
import { JOB_ENTITIES } from './index.ts';
import { releaseFiles } from './releasing.ts';

const fixture = await startTestDatabase([...FILE_ENTITIES, ...JOB_ENTITIES]);
afterAll(() => fixture.drop());
const { database, superuser } = fixture;
const files = openFiles(database);
const orgId = randomUUID();

async function* bytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('some');
}
const upload = (): Promise<RunFile> => files.receive({ orgId, name: 'a.csv', storedBy: 'user:1' }, bytes());

async function kept(): Promise<string[]> {
  const { rows } = await superuser.query<{ id: string }>('select id from stored_file');
  return rows.map(({ id }) => id);
}

/** A job of an organization, with files. */
async function job(
  some: readonly RunFile[],
  of = orgId,
): Promise<{ id: string; orgId: string; files: string }> {
  const made = { id: randomUUID(), orgId: of, files: JSON.stringify(some) };
  await superuser.query(
    `insert into job (id, org_id, kind, args, files, caller, retry, depth, state, attempt, run_at, created_at)
       values ($1, $2, 'nothing', '{}', $3, '{}', 'never', 0, 'queued', 0, now(), now())`,
    [made.id, made.orgId, made.files],
  );
  return made;
}

const warnings: unknown[] = [];
const log = { warn: (...all: unknown[]) => void warnings.push(all) } as never;
const end = (ended: { id: string; orgId: string; files: string }): Promise<void> =>
  releaseFiles({ database, files, log }, ended);

test('files go with the last open job that has them, and no others do', async () => {
  const [shared, alone, others] = [await upload(), await upload(), await upload()];
  const first = await job([shared, alone]);
  const second = await job([shared]);
  await end(first);
  expect(new Set(await kept())).toEqual(new Set([shared.id, others.id]));
  await superuser.query('update job set ended_at = now() where id = $1', [first.id]);
  await end(second);
  expect(await kept()).toEqual([others.id]);
  expect(warnings).toEqual([]);
});

test('files that cannot be removed now are told of, and left to the sweep', async () => {
  const file = await upload();
  const broken = { delete: () => Promise.reject(new Error('away')) };
  await releaseFiles({ database, files: broken, log }, await job([file]));
  expect(await kept()).toContain(file.id);
  expect(warnings).toHaveLength(1);
});
