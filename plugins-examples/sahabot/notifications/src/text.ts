/** What people read of an event. */
import type { Event, Json } from 'souk/sdk';

type Data = Readonly<Record<string, Json>>;

const TEXTS = new Map<string, (data: Data) => string>([
  ['tournament.created', ({ title }) => `The tournament ${show(title)} is open.`],
  ['tournament.updated', ({ title }) => `The tournament ${show(title)} has changed.`],
  ['match.scheduled', ({ title, scheduledAt }) => `${show(title)} is scheduled for ${show(scheduledAt)}.`],
  ['match.finished', ({ title, winner }) => `${show(title)} is over. Winner: ${show(winner)}.`],
  ['race.opened', ({ room, url }) => `The race room ${show(room)} is open: ${show(url)}`],
  ['race.finished', ({ room }) => `The race in ${show(room)} is over.`],
  [
    'qualifier.run-finished',
    ({ qualifier, score }) => `A run of ${show(qualifier)} is approved: ${show(score)}.`,
  ],
]);

/** An event that nothing is known about is told by its name and data. */
export function textOf({ name, data }: Pick<Event, 'name' | 'data'>): string {
  const known = TEXTS.get(name);
  const fields: Data =
    typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Data) : {};
  return (known ? known(fields) : `${name}\n${JSON.stringify(data)}`).slice(0, 1_900);
}

/** On one line, since the first one may become the subject of a mail. */
function show(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number'
    ? String(value).replaceAll(/\s+/gu, ' ')
    : '–';
}
