/** A match and the scheduled event that stands for it at Discord. */
import { tableOf } from '../../core-kit/table.ts';

export type Link = {
  readonly match: string;
  readonly event: string;
  readonly title: string;
  /** RFC 3339. */
  readonly startsAt: string;
};

export const links = tableOf<Link>('link');
