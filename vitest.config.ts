import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.long.test.ts'],
    // Real databases and runner processes: the default of five seconds is meant for functions.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // What a test waits for is there soon; how soon is no concern of it, and a second is short on a busy machine.
    expect: { poll: { timeout: 30_000, interval: 20 } },
    globalSetup: ['tests/support/database-server.ts'],
    pool: 'forks',
    // One more than the cores of a small machine: many tests wait, for a deadline or for a process to start.
    maxWorkers: 3,
  },
});
