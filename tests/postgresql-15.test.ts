/**
 * The oldest PostgreSQL that Souk takes, as a distribution packages it, given as DATABASE_URL. Skipped where Debian's
 * package postgresql-15 is not installed; every other test runs on the built-in version.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { commandLine } from './support/command-line.ts';
import { discardSouk, startSouk, type SoukProcess } from './support/souk-process.ts';
import { soukOn } from './support/test-souk.ts';

const BINARIES = '/usr/lib/postgresql/15/bin';
/** PostgreSQL refuses to run as root. */
const OTHER = { uid: 65_534, gid: 65_534 };
const identity = process.getuid?.() === 0 ? OTHER : {};

describe.skipIf(!existsSync(join(BINARIES, 'postgres')))('PostgreSQL 15 by DATABASE_URL', () => {
  let folder: string;
  let souk: SoukProcess | undefined;

  const run = (program: string, ...words: string[]): void => {
    const { status, stderr, stdout } = spawnSync(join(BINARIES, program), words, {
      ...identity,
      cwd: folder,
      // What pg_ctl starts must not keep a pipe of ours open.
      stdio: program === 'pg_ctl' ? 'ignore' : 'pipe',
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' },
    });
    expect(status, `${program}: ${stdout}${stderr}`).toBe(0);
  };
  const urlOf = (user: string): string => `postgresql:///souk?${new URLSearchParams({ host: folder, user })}`;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'souk-pg15-'));
    if ('uid' in identity) await chown(folder, OTHER.uid, OTHER.gid);
    const data = join(folder, 'data');
    run('initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync');
    const options = `-c listen_addresses='' -c fsync=off -k ${folder}`;
    run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', options, 'start');
    const superuser = new Client({ host: folder, user: 'postgres', database: 'postgres' });
    await superuser.connect();
    await superuser.query('create role souk login');
    await superuser.query('create database souk owner souk');
    await superuser.end();
  });
  afterAll(async () => {
    if (souk) await discardSouk(souk);
    run('pg_ctl', '-D', join(folder, 'data'), '-m', 'immediate', 'stop');
    await rm(folder, { recursive: true, force: true });
  });

  it('carries a plugin from its author to a call, and its audit chain verifies', async () => {
    souk = await startSouk({ environment: { DATABASE_URL: urlOf('souk') } });
    const made = soukOn(souk);
    const org = await made.org('acme');
    const publisher = await made.publisher('kelompok', org);
    await publisher.ship({ id: 'kelompok/hello' });
    expect((await made.anyone.get('/api/v1/packages?q=test')).json.items).toHaveLength(1);
    await org.install('kelompok/hello');
    expect((await org.call('kelompok/hello', '/')).text).toBe('hello');
    const admin = commandLine(souk.url, souk.adminToken);
    expect(await admin.ok('audit', 'verify', '--org', 'acme')).toMatchObject({ kind: 'intact' });
  });

  it('is refused with a role that stands above row level security', async () => {
    const dataDir = join(folder, 'refused');
    const start = startSouk({ dataDir, environment: { DATABASE_URL: urlOf('postgres') } });
    await expect(start).rejects.toThrow('database_role_unsuitable');
  });
});
