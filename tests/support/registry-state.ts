/** What the registry holds, seen behind the server's back: to prove that a refusal left nothing but its audit entry. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestSouk } from './test-souk.ts';

export type RegistryState = {
  /** `id version`, sorted. */
  readonly versions: readonly string[];
  /** Names of all files in the package store, finished or not, sorted. */
  readonly blobs: readonly string[];
  /** Codes of the refusals in the audit log, oldest first. */
  readonly refusals: readonly string[];
};

export async function registryState({ superuser, process }: TestSouk): Promise<RegistryState> {
  const versions = await superuser.query<{ name: string }>(
    `select p.publisher || '/' || p.name || ' ' || v.version as name from plugin_version v join plugin p on p.id = v.plugin_id order by 1`,
  );
  const refusals = await superuser.query<{ code: string }>(
    `select detail::json ->> 'code' as code from audit_entry where action = 'package.refused' order by id`,
  );
  const store = await readdir(join(process.dataDir, 'packages'), { recursive: true, withFileTypes: true });
  return {
    versions: versions.rows.map(({ name }) => name),
    blobs: store
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort(),
    refusals: refusals.rows.map(({ code }) => code),
  };
}
