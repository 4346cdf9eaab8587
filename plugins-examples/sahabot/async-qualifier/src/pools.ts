/** Pools: their presets, and the seeds that are drawn from them. */
import type { Host } from 'souk/sdk';
import { Problem } from '../../core-kit/problem.ts';
import { below, permalinks, qualifiers, runs, type Permalink, type Pool, type Qualifier } from './model.ts';

const PRESETS = 'sahabot/presets';

/** @throws Problem `preset_unknown` for the first pool whose preset is not there */
export async function requirePresets(pools: readonly Pool[], host: Host): Promise<void> {
  for (const { pool, randomizer, preset } of pools) {
    const [namespace = '', name = ''] = preset.split('/');
    const path = `/presets/${[randomizer, namespace, name].map(encodeURIComponent).join('/')}`;
    const answer = await host.plugins.call(PRESETS, path);
    if (!answer.ok)
      throw new Problem(
        422,
        'preset_unknown',
        `The pool ${pool} has no preset ${preset} of ${randomizer}: ${answer.status}.`,
      );
  }
}

export async function requirePool(qualifier: string, pool: string, host: Host): Promise<[Qualifier, Pool]> {
  const found = await qualifiers.need(qualifier, host);
  const meant = found.pools.find((each) => each.pool === pool);
  if (!meant) throw new Problem(404, 'not_found', `${qualifier} has no pool ${pool}.`);
  return [found, meant];
}

/** A seed that somebody made elsewhere, or one that the pool's randomizer makes from its preset. */
export async function addPermalink(
  qualifier: string,
  pool: string,
  url: string | null,
  host: Host,
): Promise<Permalink> {
  const [, meant] = await requirePool(qualifier, pool, host);
  const made = url === null ? await generate(meant, host) : { url, seed: null, hash: null };
  const permalink = { permalink: below(qualifier, crypto.randomUUID()), pool, ...made };
  await permalinks.save(permalink.permalink, permalink, host);
  return permalink;
}

async function generate(
  { randomizer, preset }: Pool,
  host: Host,
): Promise<Pick<Permalink, 'url' | 'seed' | 'hash'>> {
  const input = { settings: {}, preset };
  const output = await host.contracts.call('seed-generator@1', 'generate', input, {
    plugin: `sahabot/${randomizer}`,
  });
  const { seed, hash, url } = output as { seed: string; hash?: string; url?: string };
  return { url: url ?? null, seed, hash: hash ?? null };
}

/** A seed of the pool that the player has not had, of those that were played least. */
export async function draw(qualifier: string, pool: string, player: string, host: Host): Promise<Permalink> {
  const all = (await permalinks.list(host, below(qualifier))).filter((each) => each.pool === pool);
  const played = await runs.list(host, below(qualifier));
  const seen = new Set(played.filter((run) => run.player === player).map(({ permalink }) => permalink));
  const free = all.filter(({ permalink }) => !seen.has(permalink));
  const countOf = (id: string): number => played.filter(({ permalink }) => permalink === id).length;
  const least = Math.min(...free.map(({ permalink }) => countOf(permalink)));
  const candidates = free.filter(({ permalink }) => countOf(permalink) === least);
  const drawn = candidates[Math.floor(Math.random() * candidates.length)];
  if (!drawn)
    throw new Problem(409, 'pool_empty', `The pool ${pool} has no seed left that you have not played.`);
  return drawn;
}
