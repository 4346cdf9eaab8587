/** Settings of race rooms under a name. */
import type { Host } from 'souk/sdk';
import { Problem } from '../../core-kit/problem.ts';
import { tableOf } from '../../core-kit/table.ts';

export type Profile = {
  readonly profile: string;
  /** The slug of the category at racetime.gg. */
  readonly category: string;
  readonly goal: string;
  readonly info: string;
  readonly startDelaySeconds: number;
  readonly timeLimitHours: number;
  readonly unlisted: boolean;
};

export const profiles = tableOf<Profile>('profile');

export const DEFAULTS = { info: '', startDelaySeconds: 15, timeLimitHours: 24, unlisted: false } as const;

/** "Starting a race" lists the fields; a goal that the category does not have is a custom one. */
export function fieldsOf(profile: Profile): Record<string, string> {
  return {
    custom_goal: profile.goal,
    info_bot: profile.info,
    start_delay: String(profile.startDelaySeconds),
    time_limit: String(profile.timeLimitHours),
    ...(profile.unlisted ? { unlisted: 'true' } : {}),
    streaming_required: 'false',
    chat_message_delay: '0',
  };
}

/** @param category a slug, or the name of a game that the configuration "categories" has */
export function requireCategory(category: string, host: Host): string {
  const { categories } = host.config as { categories: Record<string, string> };
  if (Object.hasOwn(categories, category)) return categories[category] as string;
  if (/^[a-z0-9][a-z0-9-]{0,99}$/u.test(category)) return category;
  throw new Problem(
    422,
    'platform_refused',
    `${JSON.stringify(category)} is no category of racetime.gg: enter its slug in the configuration "categories".`,
  );
}
