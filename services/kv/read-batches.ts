/**
 * Reads of one installation that are asked for at the same time, in one statement: under load a statement costs more
 * than the keys in it. Nothing is remembered: a statement begins after everything that it answers was asked for, so a
 * read sees every write that was acknowledged before it.
 */
import { KEYS_PER_CALL_MAX } from '../../spec/host/kv-checks.ts';
import type { KvNamespace } from '../../spec/host/kv.ts';

export type KvRow = { readonly key: string; readonly value: string; readonly version: string };
type ReadRows = (namespace: KvNamespace, keys: readonly string[]) => Promise<readonly KvRow[]>;

/** One is at work while the next is being made. */
const STATEMENTS_MAX = 2;
/** Installations that are remembered while they ask for nothing. */
const IDLE_MAX = 1_000;

type Asked = {
  readonly keys: readonly string[];
  readonly resolve: (rows: ReadonlyMap<string, KvRow>) => void;
  readonly reject: (error: unknown) => void;
};

type Line = { readonly namespace: KvNamespace; waiting: Asked[]; statements: number; isDue: boolean };

/**
 * @param read one statement, under the row level security of the organization
 * @returns reads whose answer holds at least the rows of the keys asked for, where they exist
 */
export function batchReads(
  read: ReadRows,
): (namespace: KvNamespace, keys: readonly string[]) => Promise<ReadonlyMap<string, KvRow>> {
  const lines = new Map<string, Line>();
  const send = (line: Line): void => {
    line.isDue = false;
    while (line.waiting.length > 0 && line.statements < STATEMENTS_MAX) void perform(line, takeBatch(line));
  };
  const perform = async (line: Line, batch: readonly Asked[]): Promise<void> => {
    line.statements += 1;
    try {
      const rows = await read(line.namespace, [...new Set(batch.flatMap(({ keys }) => keys))]);
      const found = new Map(rows.map((row) => [row.key, row]));
      for (const { resolve } of batch) resolve(found);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    line.statements -= 1;
    send(line);
  };
  return (namespace, keys) => {
    const line = lineOf(lines, namespace);
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, KvRow>>();
    line.waiting.push({ keys, resolve, reject });
    // What the same frame from the runner asks for has come by then.
    if (!line.isDue && line.statements < STATEMENTS_MAX) queueMicrotask(() => send(line));
    line.isDue = true;
    return promise;
  };
}

/** The organization is part of the name: rows never cross from one to another. */
function lineOf(lines: Map<string, Line>, namespace: KvNamespace): Line {
  const name = `${namespace.orgId} ${namespace.installationId}`;
  const known = lines.get(name);
  if (known) return known;
  const line: Line = { namespace, waiting: [], statements: 0, isDue: false };
  if (lines.size >= IDLE_MAX) forgetIdle(lines);
  lines.set(name, line);
  return line;
}

function forgetIdle(lines: Map<string, Line>): void {
  for (const [name, { waiting, statements }] of lines)
    if (waiting.length === 0 && statements === 0) lines.delete(name);
}

/** As many as fit into the keys of one call, in their order; the first always does. */
function takeBatch(line: Line): Asked[] {
  let keys = 0;
  const end = line.waiting.findIndex((asked) => (keys += asked.keys.length) > KEYS_PER_CALL_MAX);
  const batch = end < 0 ? line.waiting : line.waiting.slice(0, Math.max(1, end));
  line.waiting = line.waiting.slice(batch.length);
  return batch;
}
