/** Looks through the records of a type and proposes the goals of each. */
import type { Host, ProposedRow, SoukRecord } from 'souk/sdk';
import { detectGoals, type Detected } from './detecting.ts';
import { publicText } from './profile.ts';

export type Found = { readonly record: SoukRecord; readonly goals: readonly Detected[] };
export type Wish = { readonly type: string; readonly dryRun: boolean };

export type Tagged = {
  looked: number;
  tagged: number;
  changed: number;
  rejected: number;
  /** Why nothing more was written, or null. */
  problem: string | null;
  /** The first that were found. */
  examples: { record: string; tags: string[]; words: string[] }[];
};

const EXAMPLES_MAX = 20;
const BUSY_MS_MAX = 25;
/** With all goals and all words in each, they fit into one call. */
const ROWS_MAX = 60;

export async function tagRecords({ type, dryRun }: Wish, host: Host): Promise<Tagged> {
  const tagged: Tagged = { looked: 0, tagged: 0, changed: 0, rejected: 0, problem: null, examples: [] };
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<Host['records']['list']>> = await host.records.list({
      type,
      limit: 200,
      ...(after === null ? {} : { after }),
    });
    after = page.next;
    const found = await findGoals(page.items, host);
    note(tagged, found);
    if (!dryRun && tagged.problem === null) await propose(tagged, type, found, host);
  } while (after !== null);
  return tagged;
}

/** With a pause now and then, for others wait in the same process. */
async function findGoals(records: readonly SoukRecord[], host: Host): Promise<Found[]> {
  const found: Found[] = [];
  let pausedAt = Date.now();
  for (const record of records) {
    found.push({ record, goals: goalsOf(record, host) });
    if (Date.now() - pausedAt < BUSY_MS_MAX) continue;
    await new Promise((resolve) => {
      setTimeout(resolve, 0);
    });
    pausedAt = Date.now();
  }
  return found;
}

function goalsOf({ type, data }: SoukRecord, host: Host): Detected[] {
  return detectGoals(publicText(type, data) ?? '', wordsMinOf(host));
}

export function wordsMinOf({ config }: Host): number {
  return Number(config['wordsMin'] ?? 1);
}

function note(tagged: Tagged, found: readonly Found[]): void {
  const told = found.filter(({ goals }) => goals.length > 0);
  tagged.looked += found.length;
  tagged.tagged += told.length;
  for (const { record, goals } of told.slice(0, EXAMPLES_MAX - tagged.examples.length)) {
    const words = goals.flatMap((goal) => goal.words);
    tagged.examples.push({ record: record.id, tags: goals.map(({ tag }) => tag), words });
  }
}

/** Without the permission the answer says what would have been proposed, and why it was not. */
async function propose(tagged: Tagged, type: string, found: readonly Found[], host: Host): Promise<void> {
  const rows = found.flatMap((each, at) => rowOf(each, at + 1, host.plugin.id));
  for (let from = 0; from < rows.length && tagged.problem === null; from += ROWS_MAX)
    await proposeSome(tagged, type, rows.slice(from, from + ROWS_MAX), host);
}

async function proposeSome(
  tagged: Tagged,
  type: string,
  rows: readonly ProposedRow[],
  host: Host,
): Promise<void> {
  try {
    const { merged, rejected, rows: answers } = await host.records.propose({ type, rows });
    tagged.changed += merged;
    tagged.rejected += rejected;
    const refused = answers.find(({ outcome }) => outcome === 'rejected');
    if (refused) tagged.problem = `not taken: ${refused.reasons.map(({ message }) => message).join(', ')}`;
  } catch (error) {
    if ((error as Error).name !== 'PermissionDenied') throw error;
    host.log.warn('goals were found and not proposed', error);
    tagged.problem = (error as Error).message;
  }
}

/** Nothing for a record that has no goals and never had any. */
function rowOf({ record, goals }: Found, row: number, plugin: string): ProposedRow[] {
  if (goals.length === 0 && record.data[plugin] === undefined) return [];
  const own = { goals: goals.map(({ goal }) => goal), tags: goals.map(({ tag }) => tag) };
  const original = { words: goals.flatMap(({ words }) => words) };
  return [{ row, id: record.id, original, data: { [plugin]: own } }];
}
