/** What organizations and their plugins may keep. */
import { RUNNER_LIMITS } from './runs.ts';
import { KIB, MIB } from './units.ts';

/** Key-value data of one installation. */
export const KV_LIMITS = {
  keyBytesMax: 512,
  valueBytesMax: 64 * KIB,
  keysMax: 10_000,
  totalBytesMax: 16 * MIB,
  listMax: 1_000,
  /** Values of one page of an export, but for its last: what a server holds of it at a time. */
  exportPageBytesMax: 1 * MIB,
} as const;

/** Files that are uploaded for runs of plugins. */
export const FILE_LIMITS = {
  /** A million rows of an ordinary table. */
  fileBytesMax: 256 * MIB,
  /** Of one organization, together. */
  orgBytesMax: 1024 * MIB,
  /** With one command. */
  filesPerRunMax: 8,
  nameBytesMax: 255,
  /** One piece in the database, and what a guest gets at once: as JSON a byte has up to six characters. */
  pieceBytesMax: 160 * KIB,
  /** Longer than a job waits and works, and than a person needs to look at what came of it. */
  keptMs: 24 * 3_600_000,
} as const;

/** Secrets that administrators enter for plugins. */
export const SECRET_LIMITS = {
  /** A certificate chain or the key file of a service account fits several times. */
  valueBytesMax: 16 * KIB,
} as const;

/** What is kept of what plugins log, and of how they run. */
export const TELEMETRY_LIMITS = {
  /** Text of one kept line: what a guest logs in one (ISOLATE_LIMITS.logCharsMax), or an error with its stack. */
  textCharsMax: 4 * KIB,
  /** Of one installation, the newest lines that fit into all three: days of an ordinary plugin, minutes of a flood. */
  linesMax: 10_000,
  lineBytesMax: 8 * MIB,
  linesKeptMs: 14 * 86_400_000,
  /**
   * Warnings and errors of each kind about one installation, or one part of the server, in the server's own log: enough
   * to see what is wrong. A flood of calls that fail would else write a line for each.
   */
  serverLinesMax: 20,
  serverLinesWindowMs: 10_000,
  /** A server looks at how much it keeps after so many more lines of an installation. */
  trimLines: 500,
  /** Lines are written together, this often: soon enough for who watches, rarely enough for the database. */
  linesWrittenMs: 250,
  /**
   * Lines that wait for it on one server, of one installation and of all; what comes beyond is dropped and counted. So
   * one installation writes at most 2,000 lines in a second.
   */
  waitingPerInstallationMax: 500,
  waitingMax: 10_000,
  /** Counts are written this often: each write touches some twenty rows of an installation. */
  countsWrittenMs: 5_000,
  /** Counts are kept by day. */
  countsKeptDays: 30,
} as const;

/** Records of organizations, and proposals of them. */
export const RECORD_LIMITS = {
  /** One transaction; its argument is bounded by ISOLATE_LIMITS.callCharsMax as well. */
  rowsPerProposalMax: 500,
  /** One row as JSON, after and before it was normalized: the longest texts of the core's types fit together. */
  dataCharsMax: 96 * KIB,
  originalCharsMax: 128 * KIB,
  dataDepthMax: 16,
  reasonsPerRowMax: 20,
  reasonCharsMax: 500,
  /** Rows of one file: four times what the largest spreadsheets hold. */
  rowNumberMax: 4_000_000,
  /** Of one organization: some gigabytes of tables and indexes. */
  recordsMax: 2_000_000,
  evidenceRowsMax: 10_000_000,
  /** What a person tells an importer about one file. */
  optionsCharsMax: 16 * KIB,
  /** What a plugin reads at once; a page stays below ISOLATE_LIMITS.answerCharsMax all the same. */
  listMax: 200,
  filtersMax: 5,
  /** Evidence that is shown with one record, newest first. */
  evidenceShownMax: 100,
  candidatesMax: 10,
} as const;

/**
 * What an administrator of the instance may decide for one organization in place of KV_LIMITS, RUNNER_LIMITS and the
 * rates of the instance's settings. The upper ends are what one machine serves and one table holds beside others.
 */
export const ORGANIZATION_LIMITS = {
  /** Of one installation; 0 lets it store nothing more. */
  kvKeysMax: { min: 0, max: 1_000_000 },
  kvBytesMax: { min: 0, max: 1024 * MIB },
  /** Runs in flight on one server; 0 lets none of its plugins run. */
  runsMax: { min: 0, max: RUNNER_LIMITS.runsMax },
  /**
   * Requests of one client at the organization's routes, on one server: from one, so that its administrators still see
   * why, to ten times what HTTP_LIMITS has for all.
   */
  readsPerMinuteMax: { min: 1, max: 1_200_000 },
  writesPerMinuteMax: { min: 1, max: 200_000 },
} as const;
