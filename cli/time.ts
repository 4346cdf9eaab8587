import { Refusal } from '../spec/refusal.ts';

/**
 * A time as RFC 3339 writes it in UTC. Without the Z the place of the machine would decide what it means.
 * @throws Refusal `time_invalid`
 */
export function readTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || !/^\d{4}-\d\d-\d\dT.*Z$/u.test(text))
    throw new Refusal('time_invalid', { detail: `${JSON.stringify(text)} is not a time in UTC.` });
  return time;
}
