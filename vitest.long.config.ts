import { defineConfig } from 'vitest/config';

/** What takes minutes: crash rounds and soaks. One file at a time, for each keeps the machine busy by itself. */
export default defineConfig({
  test: {
    include: ['**/*.long.test.ts'],
    exclude: ['**/node_modules/**'],
    testTimeout: 20 * 60_000,
    hookTimeout: 10 * 60_000,
    expect: { poll: { timeout: 60_000, interval: 50 } },
    globalSetup: ['tests/support/database-server.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
