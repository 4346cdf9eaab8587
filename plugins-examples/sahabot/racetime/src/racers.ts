/** How often somebody has raced ("Past races of a user": pages of ten, newest first). */
import type { Host } from 'souk/sdk';
import { Problem } from '../../core-kit/problem.ts';
import { read } from './client.ts';

const PAGES_MAX = 50;

type Page = {
  num_pages: number;
  races: { category?: { slug: string }; name: string; status: { value: string } }[];
};

/** @returns races that were finished in the category; counting ends at `enough` */
export async function countRaces(
  racer: string,
  category: string,
  enough: number,
  host: Host,
): Promise<number> {
  if (!/^[A-Za-z0-9]{1,40}$/u.test(racer))
    throw new Problem(404, 'not_found', 'This is no id of racetime.gg.');
  let count = 0;
  for (let page = 1; page <= PAGES_MAX; page++) {
    const told = (await read(`/user/${racer}/races/data?page=${page}`, host)) as unknown as Page;
    count += told.races.filter(
      (race) => race.status.value === 'finished' && categoryOf(race) === category,
    ).length;
    if (count >= enough || page >= told.num_pages) break;
  }
  return count;
}

/** The name of a race is `category/slug`. */
function categoryOf({ category, name }: Page['races'][number]): string {
  return category?.slug ?? name.split('/', 1)[0] ?? '';
}
