import { resolve } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { Refusal } from '../spec/refusal.ts';
import { readSettings } from './settings.ts';

function violations(environment: Record<string, string>): { pointer: string; message: string }[] {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'settings_invalid') return [...error.violations];
  }
  return expect.unreachable('the settings were taken');
}

describe('settings', () => {
  it('need nothing to be set, and take an empty variable for one that is not', () => {
    const settings = readSettings({ SOUK_PORT: '', HOME: '/root' });
    expect(settings).toMatchObject({ port: 8787, host: '127.0.0.1', databaseUrl: null, proxyHops: 0 });
    expect(settings.blobDir).toBe(resolve('.souk/packages'));
  });

  it('put the packages into the data folder, unless they are shared', () => {
    expect(readSettings({ SOUK_DATA: '/data' }).blobDir).toBe('/data/packages');
    expect(readSettings({ SOUK_DATA: '/data', SOUK_BLOBS: '/shared' }).blobDir).toBe('/shared');
  });

  it('take the master key from one place alone', () => {
    expect(readSettings({ SOUK_DATA: '/data' }).masterKey).toEqual({
      kind: 'file',
      path: '/data/master-key',
      ifAbsent: 'make',
    });
    const file = { SOUK_MASTER_KEY_FILE: '/run/key' };
    expect(readSettings(file).masterKey).toEqual({ kind: 'file', path: '/run/key', ifAbsent: 'refuse' });
    expect(readSettings({ SOUK_MASTER_KEY: 'k' }).masterKey).toEqual({ kind: 'text', text: 'k' });
    const found = violations({ ...file, SOUK_MASTER_KEY: 'hunter2' });
    expect(found.map(({ pointer }) => pointer)).toEqual(['SOUK_MASTER_KEY']);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it('leave the variables of the command alone', () => {
    expect(() => readSettings({ SOUK_URL: 'x', SOUK_TOKEN: 'y', SOUK_ORG: 'z' })).not.toThrow();
  });

  test.each([
    ['SOUK_PORT', '80a', 'is "80a", not a whole number from 0 to 65535'],
    ['SOUK_PORT', '65536', 'is "65536", not a whole number from 0 to 65535'],
    ['SOUK_PORT', '-1', 'is "-1", not a whole number from 0 to 65535'],
    ['SOUK_PORT', '0x50', 'is "0x50", not a whole number from 0 to 65535'],
    ['SOUK_PORT', '1e3', 'is "1e3", not a whole number from 0 to 65535'],
    ['SOUK_PROXY_HOPS', '11', 'is "11", not a whole number from 0 to 10'],
    ['SOUK_PROT', '1', 'is no setting of Souk'],
    ['SOUK_LOG_LEVEL', 'loud', 'is "loud", not one of trace, debug, info, warn, error, silent'],
    ['SOUK_WEAK_ISOLATION', 'yes', 'is "yes", not one of refuse, allow'],
    [
      'SOUK_PUBLIC_URL',
      'https://souk.example/x',
      'is "https://souk.example/x", not an http(s) origin without a path',
    ],
    [
      'SOUK_PUBLIC_URL',
      'ftp://souk.example',
      'is "ftp://souk.example", not an http(s) origin without a path',
    ],
    [
      'SOUK_EGRESS_ALLOW',
      'a,http://b',
      'has the entry "http://b", which is not host, host:port or address/bits',
    ],
    ['SOUK_TRUSTED_PUBLISHERS', 'house, Guild', 'has the entry "Guild", which no publisher can be named'],
    ['SOUK_TRUSTED_PUBLISHERS', '*', 'has the entry "*", which no publisher can be named'],
    ['SOUK_TRUSTED_PUBLISHERS', 'house/echo', 'has the entry "house/echo", which no publisher can be named'],
    ['DATABASE_URL', 'mysql://u:hunter2@h/d', 'is not a postgresql:// address'],
  ])('refuse %s=%s', (variable, value, message) => {
    expect(violations({ [variable]: value })).toEqual([{ pointer: variable, message }]);
  });

  it('refuse everything wrong at once, and repeat no secret', () => {
    const found = violations({ SOUK_PORT: 'x', SOUK_HOPS: '1', DATABASE_URL: 'mysql://u:hunter2@h/d' });
    expect(found.map(({ pointer }) => pointer).toSorted()).toEqual([
      'DATABASE_URL',
      'SOUK_HOPS',
      'SOUK_PORT',
    ]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});
