/** Cursor paging of lists that are short enough to be read whole: the members of one organization, the tokens of one user. */
import { HTTP_LIMITS } from '../../spec/limits.ts';
import type { JsonValue } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';

export type PageRequest = { readonly limit?: number; readonly cursor?: string };

type PageOptions<Item, Shown> = {
  /** Unique in the list, which is sorted by it. */
  readonly keyOf: (item: Item) => string;
  readonly order: 'ascending' | 'descending';
  readonly describe: (item: Item) => Shown;
};

/**
 * Cuts a page out of a list. The cursor names the last key that was shown, so that what comes and goes meanwhile moves
 * nothing else.
 * @throws Refusal `cursor_invalid`
 */
export function pageOf<Item, Shown extends JsonValue>(
  items: readonly Item[],
  { limit = HTTP_LIMITS.pageSizeDefault, cursor }: PageRequest,
  { keyOf, order, describe }: PageOptions<Item, Shown>,
): { items: Shown[]; nextCursor: string | null } {
  const last = cursor === undefined ? undefined : readCursor(cursor);
  const isAfter = (key: string): boolean =>
    last === undefined || (order === 'ascending' ? key > last : key < last);
  const rest = items.filter((item) => isAfter(keyOf(item)));
  const shown = rest.slice(0, limit);
  const end = rest.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(describe),
    nextCursor: end === undefined ? null : Buffer.from(keyOf(end)).toString('base64url'),
  };
}

function readCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (key !== '' && Buffer.from(key).toString('base64url') === cursor) return key;
  throw new Refusal('cursor_invalid', { detail: 'The cursor is not one that this list gave.' });
}
