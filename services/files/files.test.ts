import { createHash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FILE_LIMITS } from '../../spec/limits.ts';
import { startTestDatabase } from '../../tests/support/database.ts';
import { codeOf } from '../../tests/support/refusals.ts';
import { fileCapabilities, FILE_ENTITIES, openFiles } from './index.ts';
import { inPieces } from './pieces.ts';

const fixture = await startTestDatabase([...FILE_ENTITIES]);
const LIMITS = { ...FILE_LIMITS, fileBytesMax: 1024 * 1024, orgBytesMax: 4 * 1024 * 1024 };
const files = openFiles(fixture.database, LIMITS);
afterAll(() => fixture.drop());

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}
async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(1024 * 1024);
}
async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(FILE_LIMITS.pieceBytesMax * 2);
  throw new TypeError('the connection broke off');
}
const newFile = (orgId: string, name = 'rows.csv'): Parameters<typeof files.receive>[0] => ({
  orgId,
  name,
  storedBy: 'user:x',
});
const bytesKept = async (orgId: string): Promise<number> => {
  const { rows } = await fixture.superuser.query<{ bytes: string }>(
    'select bytes from stored_file_usage where org_id = $1',
    [orgId],
  );
  return Number(rows[0]?.bytes ?? 0);
};

it('cuts any chunks into pieces of one size, losing nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 16 }),
      async (chunks, size) => {
        const pieces = await Array.fromAsync(inPieces(chunksOf(...chunks), size), (piece) =>
          Buffer.from(piece),
        );
        expect(Buffer.concat(pieces)).toEqual(Buffer.concat(chunks));
        expect(pieces.slice(0, -1).every(({ length }) => length === size)).toBe(true);
        expect(pieces.every(({ length }) => length > 0)).toBe(true);
      },
    ),
  );
});

describe('a file', () => {
  const orgId = randomUUID();
  const content = Buffer.from(
    Array.from({ length: FILE_LIMITS.pieceBytesMax + 1_000 }, (_each, at) => at % 256),
  );

  it('comes back as it was', async () => {
    const file = await files.receive(newFile(orgId), chunksOf(content.subarray(0, 7), content.subarray(7)));
    expect(file).toMatchObject({ name: 'rows.csv', bytes: content.length });
    expect(file.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    expect(await files.read(orgId, file.id)).toEqual(file);
    expect(Buffer.concat(await Array.fromAsync(files.content(orgId, file.id)))).toEqual(content);
    expect(await bytesKept(orgId)).toBe(content.length);
    await files.delete(orgId, [file.id]);
    expect(await bytesKept(orgId)).toBe(0);
    expect(await codeOf(() => files.read(orgId, file.id))).toBe('file_not_found');
  });

  it('may be empty', async () => {
    const file = await files.receive(newFile(orgId), chunksOf());
    expect(file.bytes).toBe(0);
    expect(await files.readPiece(orgId, file.id, 0)).toBeNull();
  });

  it('is its organization’s alone', async () => {
    const file = await files.receive(newFile(orgId), chunksOf(content));
    const other = randomUUID();
    expect(await codeOf(() => files.read(other, file.id))).toBe('file_not_found');
    expect(await codeOf(() => files.readPiece(other, file.id, 0))).toBe('file_not_found');
    await files.delete(other, [file.id]);
    expect(await files.read(orgId, file.id)).toEqual(file);
  });

  it('reaches only the run that it was handed to, by name where that is of one', async () => {
    const file = await files.receive(newFile(orgId), chunksOf(content));
    const capability = fileCapabilities(files).find(({ name }) => name === 'files.stream');
    const ask = (wanted: string, handed: readonly (typeof file)[], piece = 0): Promise<unknown> =>
      capability?.act({ file: wanted, piece }, { guest: { org: { id: orgId } }, files: handed }) ??
      expect.unreachable();
    expect(await ask('rows.csv', [file])).toBe(
      content.subarray(0, FILE_LIMITS.pieceBytesMax).toString('latin1'),
    );
    expect(await ask(file.id, [file], 1)).toBe(
      content.subarray(FILE_LIMITS.pieceBytesMax).toString('latin1'),
    );
    expect(await ask(file.id, [file], 2)).toBeNull();
    expect(await codeOf(() => ask(file.id, []))).toBe('file_not_found');
    const twin = { ...file, id: randomUUID() };
    expect(await codeOf(() => ask('rows.csv', [file, twin]))).toBe('file_not_found');
  });

  it('that has expired is not there, and is swept', async () => {
    const file = await files.receive(newFile(randomUUID()), chunksOf(content));
    await fixture.superuser.query(
      "update stored_file set expires_at = now() - interval '1 s' where id = $1",
      [file.id],
    );
    expect(await files.sweep()).toBe(1);
    const { rows } = await fixture.superuser.query('select 1 from stored_file_piece where file_id = $1', [
      file.id,
    ]);
    expect(rows).toEqual([]);
  });
});

describe('what is refused leaves nothing', () => {
  const orgId = randomUUID();
  it.each([
    ['', 'file_name_invalid'],
    ['../etc', 'file_name_invalid'],
    ['a\0b', 'file_name_invalid'],
    ['x'.repeat(256), 'file_name_invalid'],
  ])('the name %j', async (name, code) => {
    expect(await codeOf(() => files.receive(newFile(orgId, name), chunksOf()))).toBe(code);
  });

  it('a file without end', async () => {
    expect(await codeOf(() => files.receive(newFile(orgId), endless()))).toBe('file_too_large');
    expect(await bytesKept(orgId)).toBe(0);
  });

  it('a file that breaks off', async () => {
    await expect(files.receive(newFile(orgId), broken())).rejects.toThrow(TypeError);
    expect(await bytesKept(orgId)).toBe(0);
  });

  it('a file beyond what the organization may keep', async () => {
    await files.receive(newFile(orgId), chunksOf(Buffer.alloc(1)));
    await fixture.superuser.query('update stored_file_usage set bytes = $1 where org_id = $2', [
      LIMITS.orgBytesMax,
      orgId,
    ]);
    expect(await codeOf(() => files.receive(newFile(orgId), chunksOf(Buffer.alloc(1))))).toBe(
      'files_quota_exceeded',
    );
    expect(await bytesKept(orgId)).toBe(LIMITS.orgBytesMax);
  });
});
