/**
 * What one batch of proposals knows: the records that its rows could mean, as they are with the rows before applied.
 * Rows are decided in order against it, and what has changed is written at once.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import type { RecordKey } from './keys.ts';

/** Where the values of a record come from: `*` for all fields that are not named. Plugin ids. */
export type FieldSources = Readonly<Record<string, string>>;

export type KnownRecord = {
  readonly id: string;
  readonly data: JsonObject;
  readonly sources: FieldSources;
  /** The import that changed it last. */
  readonly lastImportId: string;
  readonly keys: readonly RecordKey[];
  readonly standing: 'stored' | 'new' | 'changed';
  /** Its data before this batch; absent where it was not there. */
  readonly stored?: JsonObject;
};

/** Of records with one likeness that are looked at: more cannot be told apart by a person either. */
export const PER_KEY_MAX = 50;

/** What has to be written. */
export type Changes = { readonly added: readonly KnownRecord[]; readonly changed: readonly KnownRecord[] };

/** What a person decided about an equal proposal before, or that nobody has yet. */
export type PriorDecision =
  | { readonly kind: 'waiting'; readonly importId: string; readonly row: number }
  | { readonly kind: 'rejected' }
  | { readonly kind: 'recorded'; readonly recordId: string };

export class KnownRecords {
  readonly #records = new Map<string, KnownRecord>();
  readonly #byKey = new Map<string, Set<string>>();
  /** Slugs of referenced records, as `type:slug`. */
  readonly references: ReadonlySet<string>;
  readonly #decisions: Map<string, PriorDecision>;

  constructor(references: ReadonlySet<string>, decisions: ReadonlyMap<string, PriorDecision>) {
    this.references = references;
    this.#decisions = new Map(decisions);
  }

  find(id: string): KnownRecord | undefined {
    return this.#records.get(id);
  }

  /** @returns ids of the records with this key, in the order of their ids */
  withKey({ text }: RecordKey): string[] {
    return [...(this.#byKey.get(text) ?? [])].sort();
  }

  /** A record as it is stored, or as a row has left it. */
  put(record: KnownRecord): void {
    for (const { text } of this.#records.get(record.id)?.keys ?? []) this.#byKey.get(text)?.delete(record.id);
    this.#records.set(record.id, record);
    for (const { text } of record.keys) {
      const ids = this.#byKey.get(text) ?? new Set();
      this.#byKey.set(text, ids.add(record.id));
    }
  }

  decisionOn(proposalHash: string): PriorDecision | undefined {
    return this.#decisions.get(proposalHash);
  }

  noteDecision(proposalHash: string, decision: PriorDecision): void {
    this.#decisions.set(proposalHash, decision);
  }

  changes(): Changes {
    const all = [...this.#records.values()];
    return {
      added: all.filter(({ standing }) => standing === 'new'),
      changed: all.filter(({ standing }) => standing === 'changed'),
    };
  }
}

export function newRecordId(): string {
  return randomUUIDv7();
}
