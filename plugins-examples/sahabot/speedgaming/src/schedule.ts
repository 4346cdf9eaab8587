/**
 * The schedule of SpeedGaming: `GET /api/schedule/?event=…&from=…&to=…` answers a list of episodes with their matches, players,
 * channels and crew, as https://speedgaming.org/api/ shows them. What is needed of it is kept; the rest is left there.
 */
import type { Host } from 'souk/sdk';
import { addressOf, askOutside } from '../../core-kit/outside.ts';
import { Problem } from '../../core-kit/problem.ts';

export type Episode = {
  readonly episode: string;
  readonly event: string;
  readonly title: string;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly players: readonly string[];
  readonly channels: readonly string[];
  readonly commentators: readonly string[];
  readonly isApproved: boolean;
};

type Named = { displayName?: string; name?: string; approved?: boolean };
type Told = {
  id: number;
  title?: string;
  when?: string;
  approved?: boolean;
  match1?: { title?: string; players?: Named[] } | null;
  match2?: { title?: string; players?: Named[] } | null;
  channels?: Named[];
  commentators?: Named[];
};

const DAY_MS = 86_400_000;

/** Extract: what SpeedGaming has for an event, from yesterday on. */
export async function fetchEpisodes(event: string, host: Host): Promise<Episode[]> {
  const { apiUrl, days } = host.config as { apiUrl: string; days: number };
  const address = addressOf(apiUrl, '/api/schedule/');
  const [from, to] = [Date.now() - DAY_MS, Date.now() + days * DAY_MS].map((time) =>
    new Date(time).toISOString(),
  );
  address.search = new URLSearchParams({ event, from: from ?? '', to: to ?? '' }).toString();
  const told = (await (await askOutside('SpeedGaming', address)).json()) as unknown;
  // An event that is not known is answered by 200 and `{"error": …}`.
  if (!Array.isArray(told)) throw new Problem(422, 'event_unknown', `SpeedGaming has no event ${event}.`);
  return (told as Told[]).flatMap((each) => transform(event, each));
}

/** Transform: an episode without a time or an id is none that could be played. */
function transform(event: string, told: Told): Episode[] {
  const time = new Date(told.when ?? Number.NaN);
  if (!Number.isSafeInteger(told.id) || Number.isNaN(time.getTime())) return [];
  const players = [told.match1, told.match2].flatMap((match) => namesOf(match?.players));
  const title = told.title || told.match1?.title || players.join(' vs ') || `Episode ${told.id}`;
  return [
    {
      episode: String(told.id),
      event,
      title: title.slice(0, 200),
      startsAt: time.toISOString(),
      players: players.slice(0, 20),
      channels: namesOf(told.channels),
      commentators: namesOf(told.commentators?.filter(({ approved }) => approved !== false)),
      isApproved: told.approved !== false,
    },
  ];
}

function namesOf(people: readonly Named[] = []): string[] {
  return people
    .map(({ displayName, name }) => (displayName ?? name ?? '').slice(0, 100))
    .filter((name) => name !== '');
}
