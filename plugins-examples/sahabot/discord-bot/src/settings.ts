import type { Host } from 'souk/sdk';
import { Problem } from '../../core-kit/problem.ts';

type Settings = {
  readonly apiUrl: string;
  readonly applicationId?: string;
  readonly publicKey?: string;
  /** Which Discord servers are whose: ids of guilds by the slug of an organization. */
  readonly guilds: Readonly<Record<string, readonly string[]>>;
  /** Where this Souk is reached, for interactions of organizations that come to the one address of the application. */
  readonly soukUrl?: string;
};

export function settingsOf(host: Host): Settings {
  return host.config as unknown as Settings;
}

export function guildsOf(host: Host): readonly string[] {
  const { guilds } = settingsOf(host);
  return Object.hasOwn(guilds, host.org.slug) ? (guilds[host.org.slug] ?? []) : [];
}

/** One bot serves many organizations: none touches another's server. @throws Problem `guild_not_yours` */
export function requireGuild(guild: string, host: Host): string {
  if (guildsOf(host).includes(guild)) return guild;
  throw new Problem(
    403,
    'guild_not_yours',
    `The configuration "guilds" does not give this Discord server to ${host.org.slug}.`,
  );
}

/** @returns the organization that a guild was given to */
export function ownerOf(guild: string, host: Host): string | null {
  const found = Object.entries(settingsOf(host).guilds).find(([, guilds]) => guilds.includes(guild));
  return found?.[0] ?? null;
}
