/** The tables of records and imports. They are read and written in bulk, by the statements of this folder. */
import { defineEntity, p } from '@mikro-orm/core';
import type { JsonObject } from '../../spec/json.ts';
import type { Violation } from '../../spec/refusal.ts';

/** One batch of proposals: a file that was imported, or one call of a plugin by itself. */
const RecordImportEntity = defineEntity({
  name: 'RecordImport',
  tableName: 'record_import',
  properties: {
    id: p.uuid().primary(),
    orgId: p.uuid(),
    origin: p.text(),
    recordType: p.text().collation('C'),
    mode: p.text(),
    state: p.text(),
    /** Not a foreign key: evidence outlives installations. */
    installationId: p.uuid(),
    pluginId: p.text().collation('C'),
    pluginVersion: p.text().collation('C'),
    pluginDigest: p.text().collation('C'),
    /** Id, name, size and SHA-256; null without a file. */
    file: p.json<JsonObject>().nullable(),
    options: p.json<JsonObject>(),
    accepted: p.integer(),
    merged: p.integer(),
    unchanged: p.integer(),
    rejected: p.integer(),
    held: p.integer(),
    problem: p.text().nullable(),
    createdBy: p.text(),
    createdAt: p.datetime(),
    startedAt: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
    /** The root of what the audit says about it. */
    auditId: p.uuid(),
    /** Of a file; not a foreign key, because jobs are forgotten before imports are. */
    jobId: p.uuid().nullable(),
  },
  indexes: [
    { name: 'record_import_org_index', properties: ['orgId', 'id'] },
    {
      name: 'record_import_open_index',
      properties: ['jobId'],
      where: `state in ('queued', 'running')`,
    },
  ],
  checks: [
    {
      name: 'record_import_state_check',
      expression: `state in ('queued', 'running', 'completed', 'failed')`,
    },
    { name: 'record_import_mode_check', expression: `mode in ('apply', 'dryRun')` },
    { name: 'record_import_origin_check', expression: `origin in ('file', 'plugin')` },
  ],
});

const OrgRecordEntity = defineEntity({
  name: 'OrgRecord',
  tableName: 'org_record',
  properties: {
    id: p.uuid().primary(),
    orgId: p.uuid(),
    recordType: p.text().collation('C'),
    data: p.json<JsonObject>(),
    /** Field to the plugin whose value it holds; `*` for all others. */
    sources: p.json<Record<string, string>>(),
    revision: p.integer(),
    lastImportId: p.uuid(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
  indexes: [{ name: 'org_record_type_index', properties: ['orgId', 'recordType', 'id'] }],
});

/** By what a record is found again (keys.ts). */
const RecordKeyEntity = defineEntity({
  name: 'RecordKey',
  tableName: 'record_key',
  properties: {
    orgId: p.uuid().primary(),
    recordType: p.text().collation('C').primary(),
    key: p.text().collation('C').primary(),
    record: () => p.manyToOne(OrgRecordEntity).primary().deleteRule('cascade'),
  },
  indexes: [{ name: 'record_key_record_index', properties: ['record'] }],
});

/** What a record would be by the rows of a dry run so far; gone when the dry run ends. */
const RecordDraftEntity = defineEntity({
  name: 'RecordDraft',
  tableName: 'record_draft',
  properties: {
    import: () => p.manyToOne(RecordImportEntity).primary().deleteRule('cascade'),
    recordId: p.uuid().primary(),
    orgId: p.uuid(),
    data: p.json<JsonObject>(),
    sources: p.json<Record<string, string>>(),
  },
});

/** By what the drafts of a dry run are found. */
const RecordDraftKeyEntity = defineEntity({
  name: 'RecordDraftKey',
  tableName: 'record_draft_key',
  properties: {
    import: () => p.manyToOne(RecordImportEntity).primary().deleteRule('cascade'),
    key: p.text().collation('C').primary(),
    recordId: p.uuid().primary(),
    orgId: p.uuid(),
  },
});

/** One row of an import: where it came from, what became of it and why. */
const RecordEvidenceEntity = defineEntity({
  name: 'RecordEvidence',
  tableName: 'record_evidence',
  properties: {
    import: () => p.manyToOne(RecordImportEntity).primary().deleteRule('cascade'),
    row: p.integer().primary(),
    orgId: p.uuid(),
    outcome: p.text(),
    recordId: p.uuid().nullable(),
    /** JSON text, as text: the source may hold what jsonb does not take. */
    original: p.text(),
    /** JSON text of the normalized data, for rows that a person decides about. */
    data: p.text().nullable(),
    /** The record that the plugin named. */
    targetId: p.uuid().nullable(),
    reasons: p.json<readonly Violation[]>(),
    candidates: p.json<readonly string[]>(),
    /** Of rows that were held once: an equal row is not asked about again. */
    proposalHash: p.text().collation('C').nullable(),
    /** What a person decided, who and when. */
    decision: p.json<JsonObject>().nullable(),
    createdAt: p.datetime(),
  },
  indexes: [
    { name: 'record_evidence_record_index', properties: ['recordId'] },
    {
      name: 'record_evidence_held_index',
      properties: ['orgId', 'import', 'row'],
      where: `outcome = 'held'`,
    },
    {
      name: 'record_evidence_hash_index',
      properties: ['orgId', 'proposalHash'],
      where: 'proposal_hash is not null',
    },
  ],
  checks: [
    {
      name: 'record_evidence_outcome_check',
      expression: `outcome in ('accepted', 'merged', 'unchanged', 'rejected', 'held')`,
    },
  ],
});

/** How much an organization keeps. */
const RecordUsageEntity = defineEntity({
  name: 'RecordUsage',
  tableName: 'record_usage',
  properties: {
    orgId: p.uuid().primary(),
    records: p.integer(),
    evidence: p.integer(),
  },
});

/** The tables of records and imports, for `openDatabase`. */
export const RECORD_ENTITIES = [
  RecordImportEntity,
  OrgRecordEntity,
  RecordKeyEntity,
  RecordDraftEntity,
  RecordDraftKeyEntity,
  RecordEvidenceEntity,
  RecordUsageEntity,
];
