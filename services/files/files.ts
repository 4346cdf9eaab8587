/**
 * Files that are uploaded for runs of plugins: kept for a day, in pieces in the database, where every server finds
 * them. They are written and read piece by piece, each in a short transaction of its own.
 */
import { createHash, randomUUIDv7 } from 'node:crypto';
import { isUuid, type Database } from '../../database/index.ts';
import { checkFileName } from '../../spec/host/file-checks.ts';
import { FILE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { RunFile } from '../../spec/run.ts';
import { inPieces } from './pieces.ts';

export type NewFile = {
  readonly orgId: string;
  /** As its owner calls it; never a path of ours. */
  readonly name: string;
  /** Who uploads it, in the words of the audit log. */
  readonly storedBy: string;
};

export type Files = {
  /**
   * Takes a file in as it comes; what breaks off is gone again.
   * @throws Refusal `file_name_invalid`, `file_too_large`, `files_quota_exceeded`, and whatever the content throws
   */
  receive(file: NewFile, content: AsyncIterable<Uint8Array>): Promise<RunFile>;
  /** @throws Refusal `file_not_found` for one that is unknown, another organization's, or still coming in */
  read(orgId: string, fileId: string): Promise<RunFile>;
  /** @returns the piece of this number, from 0 on; null after the last. @throws Refusal `file_not_found` */
  readPiece(orgId: string, fileId: string, piece: number): Promise<Uint8Array | null>;
  /** The bytes of a file, piece by piece. @throws Refusal `file_not_found` when it is gone */
  content(orgId: string, fileId: string): AsyncIterable<Uint8Array>;
  delete(orgId: string, fileIds: readonly string[]): Promise<void>;
  /** Removes what has expired. @returns how many files; call again while some */
  sweep(): Promise<number>;
};

const SWEEP_BATCH = 50;

type FileLimits = { readonly fileBytesMax: number; readonly orgBytesMax: number };
type Ports = { readonly database: Database; readonly limits: FileLimits };

/** @param limits other than those of `spec/limits/` */
export function openFiles(database: Database, limits: FileLimits = FILE_LIMITS): Files {
  const ports = { database, limits };
  return {
    receive: (file, content) => receive(ports, file, content),
    read: (orgId, fileId) => read(database, orgId, fileId),
    readPiece: (orgId, fileId, piece) => readPiece(database, orgId, fileId, piece),
    content: (orgId, fileId) => contentOf(database, orgId, fileId),
    delete: (orgId, fileIds) => remove(database, orgId, fileIds),
    sweep: () => sweep(database),
  };
}

async function receive(ports: Ports, file: NewFile, content: AsyncIterable<Uint8Array>): Promise<RunFile> {
  const { database } = ports;
  const id = randomUUIDv7();
  const name = checkFileName(file.name);
  await begin(database, file, id, name);
  try {
    const { bytes, sha256 } = await writePieces(ports, file.orgId, id, content);
    await database.transaction({ kind: 'org', orgId: file.orgId }, ({ em }) =>
      em.execute('update stored_file set sha256 = ? where id = ?', [sha256, id]),
    );
    return { id, name, bytes, sha256 };
  } catch (error) {
    // What cannot be removed now, the sweep finds.
    await remove(database, file.orgId, [id]).catch(() => undefined);
    throw error;
  }
}

async function begin(
  database: Database,
  { orgId, storedBy }: NewFile,
  id: string,
  name: string,
): Promise<void> {
  const now = Date.now();
  await database.transaction({ kind: 'org', orgId }, ({ em }) =>
    em.execute(
      `insert into stored_file (id, org_id, name, bytes, stored_at, stored_by, expires_at) values (?, ?, ?, 0, ?, ?, ?)`,
      [id, orgId, name, new Date(now), storedBy, new Date(now + FILE_LIMITS.keptMs)],
    ),
  );
}

async function writePieces(
  ports: Ports,
  orgId: string,
  id: string,
  content: AsyncIterable<Uint8Array>,
): Promise<{ bytes: number; sha256: string }> {
  const { fileBytesMax } = ports.limits;
  const hash = createHash('sha256');
  let bytes = 0;
  let piece = 0;
  for await (const part of inPieces(content, FILE_LIMITS.pieceBytesMax)) {
    bytes += part.byteLength;
    if (bytes > fileBytesMax) {
      throw new Refusal('file_too_large', {
        detail: `A file has at most ${fileBytesMax} bytes.`,
      });
    }
    hash.update(part);
    await writePiece(ports, orgId, { id, piece, part });
    piece += 1;
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function writePiece(
  { database, limits: { orgBytesMax } }: Ports,
  orgId: string,
  { id, piece, part }: { readonly id: string; readonly piece: number; readonly part: Uint8Array },
): Promise<void> {
  await database.transaction({ kind: 'org', orgId }, async ({ em }) => {
    const taken = await em.execute<object[]>(
      `insert into stored_file_usage as held (org_id, bytes) values (?, ?)
        on conflict (org_id) do update set bytes = held.bytes + excluded.bytes
          where held.bytes + excluded.bytes <= ? returning bytes`,
      [orgId, part.byteLength, orgBytesMax],
    );
    if (taken.length === 0) {
      throw new Refusal('files_quota_exceeded', {
        detail: `The files of an organization have at most ${orgBytesMax} bytes together.`,
      });
    }
    await em.execute('update stored_file set bytes = bytes + ? where id = ?', [part.byteLength, id]);
    await em.execute('insert into stored_file_piece (file_id, piece, org_id, bytes) values (?, ?, ?, ?)', [
      id,
      piece,
      orgId,
      Buffer.from(part),
    ]);
  });
}

type Row = { id: string; name: string; bytes: string; sha256: string };

async function read(database: Database, orgId: string, fileId: string): Promise<RunFile> {
  const rows = isUuid(fileId)
    ? await database.transaction({ kind: 'org', orgId }, ({ em }) =>
        em.execute<Row[]>(
          `select id, name, bytes, sha256 from stored_file
            where org_id = ? and id = ? and sha256 is not null and expires_at > now()`,
          [orgId, fileId],
        ),
      )
    : [];
  const [row] = rows;
  if (!row) throw notFound();
  return { ...row, bytes: Number(row.bytes) };
}

async function readPiece(
  database: Database,
  orgId: string,
  fileId: string,
  piece: number,
): Promise<Uint8Array | null> {
  const file = await read(database, orgId, fileId);
  if (piece * FILE_LIMITS.pieceBytesMax >= file.bytes) return null;
  const [row] = await database.transaction({ kind: 'org', orgId }, ({ em }) =>
    em.execute<{ bytes: Uint8Array }[]>(
      'select bytes from stored_file_piece where org_id = ? and file_id = ? and piece = ?',
      [orgId, fileId, piece],
    ),
  );
  if (!row) throw notFound();
  return row.bytes;
}

async function* contentOf(database: Database, orgId: string, fileId: string): AsyncGenerator<Uint8Array> {
  for (let piece = 0; ; piece += 1) {
    const part = await readPiece(database, orgId, fileId, piece);
    if (part === null) return;
    yield part;
  }
}

function notFound(): Refusal {
  return new Refusal('file_not_found', { detail: 'The organization has no such file, or no longer.' });
}

async function remove(database: Database, orgId: string, fileIds: readonly string[]): Promise<void> {
  if (fileIds.length === 0) return;
  await database.transaction({ kind: 'org', orgId }, ({ em }) =>
    em.execute(`${REMOVE_SQL} where id = any(?::uuid[]) and org_id = ?) ${REMOVED_SQL}`, [
      `{${fileIds.join(',')}}`,
      orgId,
    ]),
  );
}

/** What goes is no longer counted; one statement, so that it is counted down exactly once. */
const REMOVE_SQL = `with doomed as (select id from stored_file`;
const REMOVED_SQL = `, gone as (delete from stored_file where id in (select id from doomed) returning id, org_id, bytes),
  freed as (update stored_file_usage held set bytes = held.bytes - sums.bytes
    from (select org_id, sum(bytes) as bytes from gone group by org_id) sums where held.org_id = sums.org_id)
  select id from gone`;

async function sweep(database: Database): Promise<number> {
  const gone = await database.transaction({ kind: 'instance' }, ({ em }) =>
    em.execute<object[]>(
      `${REMOVE_SQL} where expires_at <= now() order by expires_at limit ? for update skip locked) ${REMOVED_SQL}`,
      [SWEEP_BATCH],
    ),
  );
  return gone.length;
}
