/** Races at racetime.gg on a seed of a pool: everybody plays it at once, and the times count as approved runs. */
import type { Host, Json } from 'souk/sdk';
import { Problem } from '../../core-kit/problem.ts';
import { below, lives, runs, type Live } from './model.ts';
import { addPermalink, requirePool } from './pools.ts';
import { calculate, newRun } from './runs.ts';

const RACETIME = 'sahabot/racetime';
const idOf = (room: string): string => room.replace('/', '~');

export async function openLive(qualifier: string, pool: string, host: Host): Promise<Live & { url: string }> {
  const [{ category, title }] = await requirePool(qualifier, pool, host);
  const { permalink, url: seed, hash } = await addPermalink(qualifier, pool, null, host);
  const wish = { category, goal: `${title}: ${pool}`.slice(0, 200), info: seed ?? `Seed ${hash}` };
  const answer = await host.plugins.call(RACETIME, '/rooms', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wish),
  });
  const said = (await answer.json()) as { room: string; url: string; code: string; message: string };
  if (!answer.ok) throw new Problem(answer.status >= 500 ? 503 : 422, said.code, said.message);
  const live = { room: said.room, qualifier, pool, permalink };
  await lives.save(idOf(live.room), live, host);
  return { ...live, url: said.url };
}

type Entrant = { person: { id: string }; state: string; finishMs?: number };

/** The same race again changes nothing: the ids of its runs follow from the room and the racer. */
export async function onRaceFinished(data: Json, host: Host): Promise<void> {
  const { room, entrants } = data as { room: string; entrants: Entrant[] };
  const live = await lives.find(idOf(room), host);
  if (!live) return;
  const { qualifier, pool, permalink } = live;
  for (const { person, finishMs } of entrants) {
    const id = below(qualifier, `live.${idOf(room)}.${person.id}`);
    const run = newRun(id, { qualifier, pool, permalink, player: `racetime:${person.id}` });
    const ended =
      finishMs === undefined
        ? { ...run, state: 'forfeited' as const }
        : { ...run, state: 'finished' as const, review: 'approved' as const, elapsedMs: finishMs };
    await runs.add(id, ended, host);
  }
  await calculate(qualifier, host);
}
