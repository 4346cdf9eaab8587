/**
 * When a schedule is due: five fields of cron (minute, hour, day of month, month, day of week) in a time zone of the
 * IANA database. Strangers write these expressions, and they are evaluated in the server: their characters and length
 * are limited, and an expression that is never due in the years to come is refused instead of searched for.
 *
 * A day matches if the day of the month or the day of the week does, where both are restricted, as cron(5) has it. In
 * a night in which clocks go forward, what falls into the missing hour is due right after it.
 */
import { Cron } from 'croner';

declare const checked: unique symbol;
/** An expression that has been found sound and due some day, in its time zone. */
export type CronSchedule = {
  readonly cron: string;
  readonly timeZone: string;
  readonly [checked]: true;
};

const CRON_CHARS_MAX = 100;
const ZONE_CHARS_MAX = 60;
/** Names of months and days, numbers, lists, ranges and steps; no seconds, no dates, no time zone inside. */
const FIELDS = /^[0-9A-Za-z*?,/#L-]+(?: +[0-9A-Za-z*?,/#L-]+){4}$/u;

/** @returns the schedule, or a sentence that says what is wrong */
export function parseCron(cron: string, timeZone = 'UTC'): CronSchedule | string {
  const text = cron.trim();
  if (text.length > CRON_CHARS_MAX || !FIELDS.test(text))
    return 'is not five fields of cron, such as */15 * * * *';
  if (!isTimeZone(timeZone)) return `has no time zone of the IANA database, such as Europe/Berlin`;
  const schedule = { cron: text, timeZone } as CronSchedule;
  try {
    return nextRuns(schedule, new Date(), 1).length > 0 ? schedule : 'is never due';
  } catch {
    return 'is not cron: a field is out of its range or has no meaning';
  }
}

/** @returns the next times after `after`, at most `count`; fewer where there are no more in sight */
export function nextRuns({ cron, timeZone }: CronSchedule, after: Date, count: number): Date[] {
  return new Cron(cron, { paused: true, mode: '5-part', timezone: timeZone }).nextRuns(count, after);
}

function isTimeZone(name: string): boolean {
  if (name.length > ZONE_CHARS_MAX || !/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/u.test(name))
    return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
