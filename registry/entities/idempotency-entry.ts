import { defineEntity, p } from '@mikro-orm/core';
import type { JsonObject } from '../../spec/json.ts';

/** What a write with an `Idempotency-Key` was answered. `owner` names whose key it is; answers never cross owners. */
export const IdempotencyEntryEntity = defineEntity({
  name: 'IdempotencyEntry',
  tableName: 'idempotency_entry',
  properties: {
    owner: p.text().collation('C').primary(),
    key: p.text().collation('C').primary(),
    /** SHA-256 over method, path and body, hexadecimal. */
    requestDigest: p.text(),
    /** Null while the first request is still at work. */
    status: p.integer().nullable(),
    response: p.json<JsonObject>().nullable(),
    /** The server at work, by the name of its connections in PostgreSQL. */
    holder: p.text().nullable(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
  },
  indexes: [{ name: 'idempotency_entry_expiry_index', properties: ['expiresAt'] }],
});
