/**
 * Scheduled events, with the fields of Discord's documentation "Guild Scheduled Event": `privacy_level` 2 is GUILD_ONLY, `entity_type` 3 is
 * EXTERNAL, which needs a location and an end; `status` goes from 1 SCHEDULED to 2 ACTIVE to 3 COMPLETED, or from 1 to 4 CANCELED.
 */
import type { Event, Host, Json } from 'souk/sdk';
import { askDiscord, discordPath } from '../../core-kit/discord.ts';
import { Problem } from '../../core-kit/problem.ts';
import { links, type Link } from './link.ts';

const GUILD_ONLY = 2;
const EXTERNAL = 3;
const SCHEDULED = 1;
const ACTIVE = 2;
const COMPLETED = 3;
const CANCELED = 4;

type Settings = { guild?: string; location: string; durationMinutes: number };
type Match = { match: string; title: string; scheduledAt: string };
type DiscordEvent = { id: string; status: number };

const settingsOf = (host: Host): Settings => host.config as unknown as Settings;

function pathOf(host: Host, ...below: string[]): string {
  const { guild } = settingsOf(host);
  if (!guild)
    throw new Problem(
      422,
      'guild_missing',
      'Enter "guild", the id of the Discord server, in the configuration.',
    );
  return discordPath('guilds', guild, 'scheduled-events', ...below);
}

/** A match that has a time: its event is made, or moved to the new time. */
export async function onScheduled({ data }: Event, host: Host): Promise<void> {
  const match = data as unknown as Match;
  const before = await links.find(match.match, host);
  if (before && before.startsAt === match.scheduledAt && before.title === match.title) return;
  const fields = fieldsOf(match, settingsOf(host));
  const event = before ? await move(before, fields, host) : await make(fields, host);
  await links.save(
    match.match,
    { match: match.match, event, title: match.title, startsAt: match.scheduledAt },
    host,
  );
}

function fieldsOf(
  { title, scheduledAt }: Match,
  { location, durationMinutes }: Settings,
): { [field: string]: Json } {
  const end = new Date(Date.parse(scheduledAt) + durationMinutes * 60_000).toISOString();
  return {
    name: title.slice(0, 100),
    privacy_level: GUILD_ONLY,
    entity_type: EXTERNAL,
    entity_metadata: { location: location.slice(0, 100) },
    scheduled_start_time: scheduledAt,
    scheduled_end_time: end,
  };
}

async function make(fields: { [field: string]: Json }, host: Host): Promise<string> {
  return ((await askDiscord('POST', pathOf(host), fields, host)) as DiscordEvent).id;
}

/** Somebody may have removed it at Discord; then there is a new one. */
async function move({ event }: Link, fields: { [field: string]: Json }, host: Host): Promise<string> {
  const isThere = (await listEvents(host)).some(({ id }) => id === event);
  if (!isThere) return make(fields, host);
  await askDiscord('PATCH', pathOf(host, event), fields, host);
  return event;
}

export async function onFinished({ data }: Event, host: Host): Promise<void> {
  const { match } = data as unknown as Match;
  const link = await links.find(match, host);
  if (!link) return;
  const status = (await listEvents(host)).find(({ id }) => id === link.event)?.status;
  if (status === SCHEDULED) await setStatus(link, ACTIVE, host);
  if (status === SCHEDULED || status === ACTIVE) await setStatus(link, COMPLETED, host);
  await links.remove(match, host);
}

async function setStatus({ event }: Link, status: number, host: Host): Promise<void> {
  await askDiscord('PATCH', pathOf(host, event), { status }, host);
}

async function listEvents(host: Host): Promise<DiscordEvent[]> {
  return (await askDiscord('GET', pathOf(host), null, host)) as unknown as DiscordEvent[];
}

/** How long a match may be over without anybody having said so. */
const FORGOTTEN_MS = 24 * 3_600_000;

/** Links to events that Discord no longer has are dropped; events whose match never ended are canceled. */
export async function cleanUp(host: Host): Promise<{ dropped: number; canceled: number }> {
  const all = await links.list(host);
  const statuses = new Map((await listEvents(host)).map(({ id, status }) => [id, status]));
  const report = { dropped: 0, canceled: 0 };
  for (const link of all) {
    const status = statuses.get(link.event);
    const isForgotten = Date.parse(link.startsAt) + FORGOTTEN_MS < Date.now();
    if (status !== undefined && !isForgotten) continue;
    if (status === SCHEDULED) await setStatus(link, CANCELED, host);
    if (status === ACTIVE) await setStatus(link, COMPLETED, host);
    await links.remove(link.match, host);
    report[status === undefined ? 'dropped' : 'canceled'] += 1;
  }
  return report;
}
