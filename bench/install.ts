/** Installing a plan of twenty plugins into an organization: computed, consented to, applied. */
import type { JsonObject, JsonValue } from '../spec/json.ts';
import { openMarketplace, REVIEWED, signedPlugin, type Marketplace } from './marketplace.ts';
import { SUM_PLUGIN } from './packages.ts';
import { fixed, median, percentile, type Table } from './table.ts';

const PLUGINS = 20;
const ROUNDS = 30;
const WARM_UP = 3;
/** For plan and application together, by the issue of organizations that install plugins. */
const GOAL_MS = 250;
const UNLIMITED = { SOUK_WRITES_PER_MINUTE: '0', SOUK_READS_PER_MINUTE: '0' };

type Installed = { readonly planMs: number; readonly applyMs: number };

export async function benchInstall(): Promise<Table> {
  const market = await openMarketplace(UNLIMITED);
  try {
    await publishSet(market);
    for (let round = 0; round < WARM_UP; round += 1) await installInto(market, `warm-${round}`);
    const rounds: Installed[] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await installInto(market, `org-${round}`));
    return {
      title: 'Installing',
      method: `A plan of ${PLUGINS} plugins, one that needs ${PLUGINS - 1} others, each with a permission, into ${ROUNDS} new organizations one after the other: over HTTP, built-in PostgreSQL with fsync.`,
      columns: ['step', 'p50 ms', 'p99 ms', 'goal ms'],
      rows: [
        rowOf(
          'plan',
          rounds.map(({ planMs }) => planMs),
        ),
        rowOf(
          'consent and apply',
          rounds.map(({ applyMs }) => applyMs),
        ),
        rowOf(
          'both',
          rounds.map(({ planMs, applyMs }) => planMs + applyMs),
          GOAL_MS,
        ),
      ],
    };
  } finally {
    await market.close();
  }
}

async function publishSet(market: Marketplace): Promise<void> {
  const needed = Array.from({ length: PLUGINS - 1 }, (_, index) => `${REVIEWED}/part-${index}` as const);
  const source = { ...SUM_PLUGIN, permissions: [{ name: 'kv' }] };
  for (const id of needed) {
    await market.upload('/api/v1/packages', signedPlugin(market, id, '1.0.0', source));
  }
  const dependencies = Object.fromEntries(needed.map((id) => [id, '^1.0.0']));
  const whole = signedPlugin(market, `${REVIEWED}/whole`, '1.0.0', { ...source, dependencies });
  await market.upload('/api/v1/packages', whole);
}

async function installInto(market: Marketplace, slug: string): Promise<Installed> {
  await market.api('POST', '/api/v1/orgs', { slug, name: slug });
  const startMs = performance.now();
  const plan = await market.api('POST', `/api/v1/orgs/${slug}/plans`, {
    kind: 'install',
    plugin: `${REVIEWED}/whole`,
  });
  const plannedMs = performance.now();
  const consent = { grants: grantsOf(plan) };
  await market.api('POST', `/api/v1/orgs/${slug}/installations`, { plan: plan['id'] ?? '', consent });
  return { planMs: plannedMs - startMs, applyMs: performance.now() - plannedMs };
}

function grantsOf(plan: JsonObject): JsonValue[] {
  const asked = plan['permissions'] as { plugin: string; permission: { name: string } }[];
  return asked.map(({ plugin, permission }) => ({ plugin, permission: { name: permission.name } }));
}

function rowOf(step: string, times: readonly number[], goalMs?: number): string[] {
  return [
    step,
    fixed(median(times), 1),
    fixed(percentile(times, 0.99), 1),
    goalMs === undefined ? '' : String(goalMs),
  ];
}
