import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSourceMaps, type SandboxObserver } from '../../sandbox/index.ts';
import { createTestBed } from '../../sandbox/testing/test-bed.ts';
import { openTelemetry, type Telemetry } from '../../services/index.ts';
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { createLogger } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { createObserver, ownerOf } from './observer.ts';

const bed = createTestBed();
const guest = bed.guest({}, { installationId: randomUUID(), org: { id: randomUUID(), slug: 'kampung' } });
const lines: string[] = [];
const metrics = createMetrics();
let fixture: TestDatabase;
let telemetry: Telemetry;
let observer: SandboxObserver;

beforeAll(async () => {
  fixture = await startTestDatabase([]);
  const { database } = fixture;
  telemetry = openTelemetry({
    database,
    residentBytesOf: () => null,
    onFailure: (error) => expect.unreachable(String(error)),
  });
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  observer = createObserver({ log, metrics }, telemetry, {
    redact: (_installationId, text) => text,
    sourceMaps: createSourceMaps(),
    logged: () => undefined,
    onStrike: () => undefined,
  });
});
afterAll(async () => {
  await telemetry.close();
  await fixture.drop();
});

test('host calls that fail in a flood do not flood the log', () => {
  const calls = 10 * TELEMETRY_LIMITS.serverLinesMax;
  for (let call = 0; call < calls; call += 1)
    observer.callFailed(guest, 'kv.get', `request-${call}`, new Error('out of order'));
  expect(lines).toHaveLength(TELEMETRY_LIMITS.serverLinesMax);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', requestId: 'request-0' });
});

test('what a canceled run had cost is counted when it is known, and the run once', async () => {
  const invocation = bed.get(guest);
  const usage = { cpuMs: 0, wallMs: 5, hostCalls: 0, cold: false };
  observer.runEnded(invocation, { outcome: 'canceled', reason: 'the caller went away', usage });
  observer.spentAfterEnd(invocation, 40);
  // Of two days, for midnight may pass between the two.
  const counted = await telemetry.metrics(ownerOf(guest), 2);
  expect(counted).toMatchObject({ calls: 1, triggers: { endpoint: 1 }, cpuMs: 40 });
  expect(await metrics.plugins.metrics()).toContain(
    `souk_plugin_cpu_seconds_total{plugin="${guest.plugin.id}"} 0.04`,
  );
});
