import { defineEntity, p } from '@mikro-orm/core';

/** One file that was uploaded for runs of plugins. `sha256` is null while it is coming in. */
export const StoredFileEntity = defineEntity({
  name: 'StoredFile',
  tableName: 'stored_file',
  properties: {
    id: p.uuid().primary(),
    orgId: p.uuid(),
    name: p.text(),
    bytes: p.bigint(),
    sha256: p.text().collation('C').nullable(),
    storedAt: p.datetime(),
    storedBy: p.text(),
    expiresAt: p.datetime(),
  },
  indexes: [
    { name: 'stored_file_org_index', properties: ['orgId'] },
    { name: 'stored_file_expiry_index', properties: ['expiresAt'] },
  ],
});

/** A part of a file, of FILE_LIMITS.pieceBytesMax but for the last. */
const StoredFilePieceEntity = defineEntity({
  name: 'StoredFilePiece',
  tableName: 'stored_file_piece',
  properties: {
    file: () => p.manyToOne(StoredFileEntity).primary().deleteRule('cascade'),
    piece: p.integer().primary(),
    orgId: p.uuid(),
    bytes: p.blob(),
  },
});

/** How much an organization keeps, whole and coming in; its row is the lock of those who write. */
const StoredFileUsageEntity = defineEntity({
  name: 'StoredFileUsage',
  tableName: 'stored_file_usage',
  properties: { orgId: p.uuid().primary(), bytes: p.bigint() },
});

/** The tables of files, for `openDatabase`. */
export const FILE_ENTITIES = [StoredFileEntity, StoredFilePieceEntity, StoredFileUsageEntity];
