import { defineEntity, p } from '@mikro-orm/core';

/** One entry; `position`, `previousHash` and `hash` come with the seal (chain.ts). */
export const AuditEntryEntity = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_entry',
  properties: {
    id: p.uuid().primary(),
    chain: p.text().collation('C'),
    orgId: p.uuid().nullable(),
    occurredAt: p.datetime(3),
    actor: p.text(),
    action: p.text(),
    subject: p.text(),
    detail: p.text(),
    position: p.bigint('number').nullable(),
    previousHash: p.blob().nullable(),
    hash: p.blob().nullable(),
  },
  uniques: [{ name: 'audit_entry_position_unique', properties: ['chain', 'position'] }],
  indexes: [
    { name: 'audit_entry_chain_index', properties: ['chain', 'id'] },
    { name: 'audit_entry_subject_index', properties: ['chain', 'subject', 'id'] },
    {
      name: 'audit_entry_unsealed_index',
      expression: 'create index "audit_entry_unsealed_index" on "audit_entry" ("id") where position is null',
    },
  ],
  checks: [
    { name: 'audit_entry_chain_check', expression: `chain = coalesce(org_id::text, 'instance')` },
    {
      name: 'audit_entry_sealed_check',
      expression: '(position is null) = (hash is null) and (position is null) = (previous_hash is null)',
    },
  ],
});

/** How long each chain is and how it ends: a missing tail is noticed here. */
const AuditHeadEntity = defineEntity({
  name: 'AuditHead',
  tableName: 'audit_head',
  properties: {
    chain: p.text().collation('C').primary(),
    orgId: p.uuid().nullable(),
    length: p.bigint('number'),
    hash: p.blob(),
  },
});

/** The tables of the audit log, for `openDatabase`. */
export const AUDIT_ENTITIES = [AuditEntryEntity, AuditHeadEntity] as const;
