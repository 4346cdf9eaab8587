/** By what records are found again: texts that are equal exactly where the type says that two records are one. */
import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../json.ts';
import type { OrgRecordType } from '../modules/org-modules.ts';

/** `key`: the same record. `likeness`: the same record, or one that is like it. */
export type RecordKey = {
  readonly kind: 'key' | 'likeness';
  /** Place among the keys of the type; 0 is the strongest. */
  readonly rank: number;
  readonly text: string;
};

/** Index entries of PostgreSQL end at about 2,700 bytes; a longer text is represented by its digest. */
const KEY_CHARS_MAX = 400;

type Type = OrgRecordType['type'];

/** @returns the keys that the data have, strongest first, then the likeness */
export function keysOf(type: Type, data: JsonObject): RecordKey[] {
  return [
    ...(type.keys ?? []).flatMap((fields, rank) => keyOf('key', rank, fields, data)),
    ...(type.likeness ? keyOf('likeness', type.keys?.length ?? 0, type.likeness, data) : []),
  ];
}

function keyOf(
  kind: RecordKey['kind'],
  rank: number,
  fields: readonly string[],
  data: JsonObject,
): RecordKey[] {
  if (scalarOf(data, fields.at(-1) ?? '') === '') return [];
  const values = fields.map((field) =>
    kind === 'key' ? scalarOf(data, field) : loose(scalarOf(data, field)),
  );
  const text = `${kind}:${fields.join('+')}:${JSON.stringify(values)}`;
  return [{ kind, rank, text: text.length > KEY_CHARS_MAX ? digestOf(text) : text }];
}

function scalarOf(data: JsonObject, field: string): string {
  const value: JsonValue | undefined = Object.hasOwn(data, field) ? data[field] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function loose(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/gu, ' ');
}

function digestOf(text: string): string {
  return `${text.slice(0, 40)}#${createHash('sha256').update(text).digest('hex')}`;
}

/** The key under which a record is found that another one names by its slug. */
export function slugKey(slug: string): string {
  return `key:slug:${JSON.stringify([slug])}`;
}

const SLUG_CHARS_MAX = 100;

/** @returns a slug of a name, empty where the name has no letter of A to Z and no digit */
export function slugOf(name: string): string {
  const words = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-');
  return words.slice(0, SLUG_CHARS_MAX).replaceAll(/^-+|-+$/gu, '');
}
