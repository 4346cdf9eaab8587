/** What a racer must have done, and the role that it earns. */
import type { Host } from 'souk/sdk';
import { askDiscord, discordPath } from '../../core-kit/discord.ts';
import { Problem } from '../../core-kit/problem.ts';
import { tableOf } from '../../core-kit/table.ts';

export type Verification = {
  readonly verification: string;
  /** The slug of a category at racetime.gg. */
  readonly category: string;
  /** Races to be finished in it. */
  readonly races: number;
  /** Ids at Discord. */
  readonly guild: string;
  readonly role: string;
};

/** Whose account at racetime.gg is whose at Discord, as an administrator confirmed it. */
export type Verified = {
  readonly verification: string;
  readonly racer: string;
  readonly discordUser: string;
  readonly races: number;
  readonly at: string;
};

export type Claim = { readonly racer: string; readonly discordUser: string };

export const verifications = tableOf<Verification>('verification');
export const verified = tableOf<Verified>('verified');
const RACETIME = 'sahabot/racetime';

/** @throws Problem `races_missing` with how many, or `racer_taken` */
export async function verify(id: string, { racer, discordUser }: Claim, host: Host): Promise<Verified> {
  const wanted = await verifications.need(id, host);
  const key = `${id}:${racer}`;
  const before = await verified.find(key, host);
  if (before && before.discordUser !== discordUser)
    throw new Problem(409, 'racer_taken', `${racer} has been verified for another person at Discord.`);
  const races = await countRaces(racer, wanted, host);
  if (races < wanted.races)
    throw new Problem(
      422,
      'races_missing',
      `${racer} has finished ${races} of ${wanted.races} races of ${wanted.category}.`,
    );
  await askDiscord(
    'PUT',
    discordPath('guilds', wanted.guild, 'members', discordUser, 'roles', wanted.role),
    null,
    host,
  );
  const row = { verification: id, racer, discordUser, races, at: new Date().toISOString() };
  await verified.save(key, row, host);
  return row;
}

async function countRaces(racer: string, { category, races }: Verification, host: Host): Promise<number> {
  const path = `${discordPath('racers', racer, 'races', category)}?enough=${races}`;
  const answer = await host.plugins.call(RACETIME, path);
  const said = (await answer.json()) as { races: number; code: string; message: string };
  if (answer.ok) return said.races;
  throw new Problem(answer.status >= 500 ? 503 : 422, said.code, said.message);
}

/** Takes the role away again. */
export async function revoke(id: string, racer: string, host: Host): Promise<void> {
  const { guild, role } = await verifications.need(id, host);
  const { discordUser } = await verified.need(`${id}:${racer}`, host);
  await askDiscord('DELETE', discordPath('guilds', guild, 'members', discordUser, 'roles', role), null, host);
  await verified.remove(`${id}:${racer}`, host);
}
