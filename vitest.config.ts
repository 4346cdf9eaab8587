import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.long.test.ts'],
    // Real databases and runner processes: the default of five seconds is meant for functions.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['tests/support/database-server.ts'],
    pool: 'forks',
    maxWorkers: 2,
  },
});
