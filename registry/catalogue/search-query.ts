import { createHash } from 'node:crypto';
import { PERMISSION_NAMES } from '../../spec/permission.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { PLUGIN_TYPES } from '../../spec/manifest.ts';
import { isNamespace } from '../../spec/plugin-id.ts';
import { Refusal, type Violation } from '../../spec/refusal.ts';

/** What to look for. Every filter given must hold. */
export type SearchQuery = {
  /** Words, each of which must begin a word of the plugin's names, description, category, type or author. */
  readonly text?: string;
  readonly type?: string;
  readonly category?: string;
  readonly publisher?: string;
  /** Name of a permission that the newest offered version asks for. */
  readonly permission?: string;
  /** `signed` or `unsigned`. */
  readonly signature?: string;
  /** Plugins on a page. */
  readonly pageSize?: number;
  /** From the page before; it belongs to the same text and filters. */
  readonly cursor?: string;
};

export const FILTERS = ['type', 'category', 'publisher', 'permission', 'signature'] as const;
export type Filter = (typeof FILTERS)[number];

/** A query of which every part can be put to the database. */
export type CheckedQuery = {
  /** In the syntax of to_tsquery; undefined where there is no text. */
  readonly tsquery: string | undefined;
  readonly filters: ReadonlyMap<Filter, string>;
  readonly pageSize: number;
  readonly after: SearchPosition | undefined;
  /** Stands for text and filters, so that a cursor is not taken to another search. */
  readonly fingerprint: string;
};

/** The last plugin of a page: the next page begins behind it. */
export type SearchPosition = { readonly rank: number; readonly id: string };

const TEXT_CHARS_MAX = 200;
const WORDS_MAX = 16;
const FILTER_CHARS_MAX = 100;
const CURSOR_CHARS_MAX = 400;
const WORD = /[\p{L}\p{N}]+/gu;

/** @throws Refusal `search_invalid` with every fault, or `cursor_invalid` */
export function checkQuery(query: SearchQuery): CheckedQuery {
  const words = (query.text ?? '').slice(0, TEXT_CHARS_MAX + 1).match(WORD) ?? [];
  const violations = [
    ...checkText(query.text, words.length),
    ...checkFilters(query),
    ...checkPageSize(query),
  ];
  const [first] = violations;
  if (first)
    throw new Refusal('search_invalid', { detail: `${first.pointer} ${first.message}.`, violations });
  const filters = new Map(
    FILTERS.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]] as const])),
  );
  const tsquery = words.length > 0 ? words.map((word) => `'${word}':*`).join(' & ') : undefined;
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([tsquery, [...filters]]))
    .digest('base64url')
    .slice(0, 16);
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, fingerprint);
  return { tsquery, filters, pageSize: query.pageSize ?? HTTP_LIMITS.pageSizeDefault, after, fingerprint };
}

function checkText(text: string | undefined, words: number): Violation[] {
  if (text === undefined || text.trim() === '') return [];
  if (text.length > TEXT_CHARS_MAX)
    return [{ pointer: 'text', message: `is longer than ${TEXT_CHARS_MAX} characters` }];
  if (words > WORDS_MAX) return [{ pointer: 'text', message: `has more than ${WORDS_MAX} words` }];
  return words === 0 ? [{ pointer: 'text', message: 'has no letter or digit to look for' }] : [];
}

const ALLOWED: Partial<Record<Filter, readonly string[]>> = {
  type: PLUGIN_TYPES,
  permission: PERMISSION_NAMES,
  signature: ['signed', 'unsigned'],
};

function checkFilters(query: SearchQuery): Violation[] {
  return FILTERS.flatMap((name): Violation[] => {
    const value = query[name];
    if (value === undefined) return [];
    const allowed = ALLOWED[name];
    if (allowed && !allowed.includes(value))
      return [{ pointer: name, message: `is not one of ${allowed.join(', ')}` }];
    if (name === 'publisher' && !isNamespace(value))
      return [{ pointer: name, message: 'is not the name of a publisher' }];
    const isStorable = value.length <= FILTER_CHARS_MAX && value.isWellFormed() && !value.includes('\0');
    return isStorable
      ? []
      : [{ pointer: name, message: `has more than ${FILTER_CHARS_MAX} characters, or broken ones` }];
  });
}

function checkPageSize({ pageSize }: SearchQuery): Violation[] {
  if (pageSize === undefined) return [];
  const fits = Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= HTTP_LIMITS.pageSizeMax;
  return fits
    ? []
    : [{ pointer: 'pageSize', message: `is not a whole number from 1 to ${HTTP_LIMITS.pageSizeMax}` }];
}

/** Opaque to callers, but nothing secret: it says no more than the page did. */
export function writeCursor(position: SearchPosition, fingerprint: string): string {
  return Buffer.from(JSON.stringify([fingerprint, position.rank, position.id])).toString('base64url');
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

function readCursor(text: string, fingerprint: string): SearchPosition {
  const [owner, rank, id] = decodeCursor(text);
  if (typeof rank !== 'number' || typeof id !== 'string' || !UUID.test(id))
    throw new Refusal('cursor_invalid', { detail: 'The cursor was not made by this registry.' });
  if (owner !== fingerprint)
    throw new Refusal('cursor_invalid', { detail: 'The cursor belongs to another search.' });
  return { rank, id };
}

function decodeCursor(text: string): unknown[] {
  if (text.length > CURSOR_CHARS_MAX) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
