/** Hands rows to Souk, in batches that fit into one call. */
import type { Host, Json, ProposedRow, RowOutcome } from 'souk/sdk';

/** A call takes 500 rows and 256 KiB of JSON, with some room for what stands around the rows. */
const ROWS_MAX = 500;
const CHARS_MAX = 240 * 1024;
/** Beyond this a value is shortened where it stands as evidence; the file's digest and the row say the rest. */
const EVIDENCE_CHARS_MAX = 1_000;

export type Target = { readonly import: string; readonly type: string };
export type Counts = Record<RowOutcome, number>;
/** A row that did not become what its author meant. */
export type Complaint = { readonly row: number; readonly outcome: RowOutcome; readonly reasons: string[] };

const COMPLAINTS_MAX = 50;

/** While Souk decides one batch, the next is read: at most one is under way. */
export class Proposing {
  readonly counts: Counts = { accepted: 0, merged: 0, unchanged: 0, rejected: 0, held: 0 };
  readonly complaints: Complaint[] = [];
  readonly #host: Host;
  readonly #target: Target;
  #rows: ProposedRow[] = [];
  #chars = 0;
  #underWay: Promise<void> = Promise.resolve();

  constructor(host: Host, target: Target) {
    this.#host = host;
    this.#target = target;
  }

  async add(row: ProposedRow): Promise<void> {
    const fitting = fit(row);
    if (this.#rows.length === ROWS_MAX || this.#chars + fitting.chars > CHARS_MAX) await this.#send();
    this.#rows.push(fitting.row);
    this.#chars += fitting.chars;
  }

  /** To be called at the end; what had gone wrong is thrown here at the latest. */
  async flush(): Promise<void> {
    await this.#send();
    await this.#underWay;
  }

  async #send(): Promise<void> {
    await this.#underWay;
    const rows = this.#rows;
    [this.#rows, this.#chars] = [[], 0];
    if (rows.length === 0) return;
    this.#underWay = this.#propose(rows);
    // Whoever adds or flushes next awaits it, and sees the error then.
    this.#underWay.catch(() => undefined);
  }

  async #propose(rows: readonly ProposedRow[]): Promise<void> {
    const { type, import: id } = this.#target;
    const answer = await this.#host.records.propose({ type, import: id, rows });
    for (const { row, outcome, reasons } of answer.rows) {
      this.counts[outcome] += 1;
      if ((outcome !== 'rejected' && outcome !== 'held') || this.complaints.length >= COMPLAINTS_MAX)
        continue;
      const texts = reasons.map(({ pointer, message }) => `${pointer} ${message}`.trim());
      this.complaints.push({ row, outcome, reasons: texts });
    }
  }
}

function fit(row: ProposedRow): { readonly row: ProposedRow; readonly chars: number } {
  const chars = JSON.stringify(row).length;
  if (chars <= CHARS_MAX) return { row, chars };
  const lean = { ...row, original: shortened(row.original) };
  const leanChars = JSON.stringify(lean).length;
  if (leanChars <= CHARS_MAX) return { row: lean, chars: leanChars };
  const problem = `the row has ${chars} characters, which is more than a record can have`;
  const isSlight = JSON.stringify(lean.original).length <= CHARS_MAX / 2;
  const original = isSlight ? lean.original : outlined(lean.original);
  const rejected = { row: row.row, original, data: {}, problems: [problem] };
  return { row: rejected, chars: JSON.stringify(rejected).length };
}

/** The values of a row, the long ones by their beginning and their length. */
function shortened(original: Json): Json {
  if (typeof original === 'string') return shortText(original);
  if (typeof original !== 'object' || original === null || Array.isArray(original)) return outlined(original);
  return Object.fromEntries(
    Object.entries(original).map(([column, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return [
        column.slice(0, EVIDENCE_CHARS_MAX),
        text.length > EVIDENCE_CHARS_MAX ? shortText(text) : value,
      ];
    }),
  );
}

function shortText(text: string): Json {
  if (text.length <= EVIDENCE_CHARS_MAX) return text;
  return { chars: text.length, start: text.slice(0, EVIDENCE_CHARS_MAX).toWellFormed() };
}

function outlined(original: Json): Json {
  return shortText(JSON.stringify(original));
}
