/** A row of a proposal, brought into the form in which it is compared: normalized, with the keys it is looked for by. */
import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../json.ts';
import { RECORD_LIMITS } from '../limits.ts';
import type { Violation } from '../refusal.ts';
import { toPointer } from '../strict-json.ts';
import { isNamespace, type JudgedType } from './judged-type.ts';
import { keysOf, slugOf, type RecordKey } from './keys.ts';
import type { PriorDecision } from './known-records.ts';
import { normaliseData, type RecordData } from './normalise.ts';
import type { Judgement, Proposal } from './proposal.ts';

/** A slug that follows from another field, where the row gives none. */
type DerivedSlug = {
  readonly field: string;
  readonly plain: string;
  /** Told apart by the row's stronger key, for where another record has the plain one. */
  readonly apart: string;
  readonly key: RecordKey;
};

export type ReadRow = {
  readonly proposal: Proposal;
  readonly data: RecordData;
  readonly slugs: readonly DerivedSlug[];
  /** By what it is matched; strongest first. */
  readonly keys: readonly RecordKey[];
  /** Equal for equal proposals of one plugin, whatever file they come from. */
  readonly hash: string;
};

/** @returns the row, or why it is rejected without being looked at further */
export function readRow(proposal: Proposal, judgement: Judgement): ReadRow | Violation[] {
  const problems = (proposal.problems ?? []).map((message) => ({ pointer: '', message }));
  if (problems.length > 0) return problems;
  const { judged, plugin } = judgement;
  const normalised = normaliseData(proposal.data, judged.type.schema);
  if (normalised.kind === 'faults') return normalised.faults.slice(0, RECORD_LIMITS.reasonsPerRowMax);
  const { data } = normalised;
  const strange = foreignSpaces(data, judgement);
  if (strange.length > 0) return strange;
  const own = keysOf(judged.type, data);
  const slugs = derivedSlugs(data, judged, own[0]);
  const keys = own[0]?.kind === 'key' ? own : keysOf(judged.type, { ...data, ...plainSlugs(slugs) });
  const said = Object.entries(data).sort(([left], [right]) => (left < right ? -1 : 1));
  return { proposal, data, slugs, keys, hash: hashOf([judged.name, plugin, proposal.id ?? null, said]) };
}

function hashOf(value: JsonValue): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** A plugin writes into its own namespace, and only while its extension is in force. */
function foreignSpaces(data: JsonObject, { plugin, ownFields }: Judgement): Violation[] {
  return Object.keys(data)
    .filter((key) => isNamespace(key) && (key !== plugin || ownFields === 'no'))
    .map((key) => ({
      pointer: toPointer([key]),
      message:
        key === plugin
          ? 'the plugin has no extension in force that has these fields'
          : 'belongs to another plugin',
    }));
}

function derivedSlugs(data: RecordData, { type }: JudgedType, strong: RecordKey | undefined): DerivedSlug[] {
  return Object.entries(type.slugs ?? {}).flatMap(([field, from]) => {
    const name = data[from];
    const plain = typeof name === 'string' && data[field] === undefined ? slugOf(name) : '';
    const key = keysOf(type, { [field]: plain })[0];
    if (plain === '' || !key) return [];
    const apart = strong?.kind === 'key' ? `${plain}-${hashOf(strong.text).slice(0, 8)}` : plain;
    return [{ field, plain, apart, key }];
  });
}

function plainSlugs(slugs: readonly DerivedSlug[]): JsonObject {
  return Object.fromEntries(slugs.map(({ field, plain }) => [field, plain]));
}

/** Everything that the row may be found by, or must not collide with. */
export function lookups({ keys, slugs }: ReadRow): string[] {
  return [...keys, ...slugs.map(({ key }) => key)].map(({ text }) => text);
}

/** @returns ids of the records that rows mean by what they say, or by what a person decided about equal rows */
export function namedIds(rows: readonly ReadRow[], decisions: ReadonlyMap<string, PriorDecision>): string[] {
  const recorded = [...decisions.values()].flatMap((prior) =>
    prior.kind === 'recorded' ? [prior.recordId] : [],
  );
  return [...recorded, ...rows.flatMap(({ proposal }) => (proposal.id === undefined ? [] : [proposal.id]))];
}
