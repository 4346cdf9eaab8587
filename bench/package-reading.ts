/**
 * Reading and inspecting packages: processor time of the two stages, and time and memory of the worst refusals.
 * Figures asked for: reading and hashing 1 MiB in 200 files at most 15 ms, inspecting at most 150 ms per MiB of
 * JavaScript, a refused archive at most 50 ms and 64 MiB above rest.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { inspectPackage } from '../registry/inspection/index.ts';
import { type ForgeEntry, forgeZip } from '../registry/package/corpus/forge.ts';
import type { RejectCase } from '../registry/package/corpus/corpus-case.ts';
import { REJECT_ENTRIES } from '../registry/package/corpus/reject-entries.ts';
import { REJECT_NAMES } from '../registry/package/corpus/reject-names.ts';
import { REJECT_STRUCTURE } from '../registry/package/corpus/reject-structure.ts';
import { readPackage } from '../registry/package/index.ts';
import { Refusal } from '../spec/refusal.ts';
import { fixed, type Table } from './table.ts';

type PackageReadingFigure = {
  readonly what: string;
  /** Median processor time, in milliseconds; for refusals the wall time of the worst one. */
  readonly milliseconds: number;
  readonly millisecondsMax: number;
  /** Growth of resident memory in MiB, for refusals only. */
  readonly residentMib?: number;
};

const MIB = 1024 * 1024;
const ROUNDS = 15;
const MEMORY_FLAG = '--memory-of';

/** Takes about ten seconds. */
export function benchPackageReading(): Table {
  return {
    title: 'Reading and inspecting packages',
    method:
      'Median processor time of the two stages; wall time, and memory above rest in a process of its own, of the worst refusals.',
    columns: ['what', 'ms', 'goal ms', 'MiB above rest'],
    rows: measurePackageReading().map(({ what, milliseconds, millisecondsMax, residentMib }) => [
      what,
      fixed(milliseconds, 1),
      String(millisecondsMax),
      residentMib === undefined ? '' : fixed(residentMib, 0),
    ]),
  };
}

function measurePackageReading(): PackageReadingFigure[] {
  return [
    { what: 'read and hash, 200 files, 1 MiB', ...medianOf(readRound(plainPackage())), millisecondsMax: 15 },
    inspectionPerMib(),
    worstRefusal('refuse, worst of the corpus', [...REJECT_NAMES, ...REJECT_STRUCTURE, ...REJECT_ENTRIES]),
    worstRefusal('refuse, 5,000 entries with the last one wrong', [manyEntries()]),
    worstRefusal('refuse, 64 MiB of blanks with a wrong CRC-32', [largeContent()]),
    worstRefusal('refuse, 49 MiB stored with a wrong CRC-32', [largeStored()]),
  ];
}

function inspectionPerMib(): PackageReadingFigure {
  const source = bundledCode();
  const { milliseconds } = medianOf(inspectRound(codePackage(source)));
  const mib = Buffer.byteLength(source) / MIB;
  return {
    what: 'inspect, per MiB of bundled JavaScript',
    milliseconds: milliseconds / mib,
    millisecondsMax: 150,
  };
}

function medianOf(round: () => void): { milliseconds: number } {
  round();
  const times = Array.from({ length: ROUNDS }, () => processorMs(round)).sort((a, b) => a - b);
  return { milliseconds: times[ROUNDS >> 1] ?? Number.NaN };
}

function processorMs(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function worstRefusal(what: string, cases: readonly RejectCase[]): PackageReadingFigure {
  const archives = cases.map((one) => one.archive());
  const times = archives.map((archive) => {
    expectRefusal(archive);
    const start = performance.now();
    expectRefusal(archive);
    return performance.now() - start;
  });
  const slowest = archives[times.indexOf(Math.max(...times))] ?? Buffer.alloc(0);
  return {
    what,
    milliseconds: Math.max(...times),
    millisecondsMax: 50,
    residentMib: residentGrowthMib(slowest),
  };
}

/** @returns how far resident memory rises above rest, in a process of its own: a peak cannot be taken back */
function residentGrowthMib(archive: Buffer): number {
  const folder = mkdtempSync(join(tmpdir(), 'souk-bench-'));
  const path = join(folder, 'archive.zip');
  try {
    writeFileSync(path, archive);
    return Number(
      execFileSync(process.execPath, [import.meta.filename, MEMORY_FLAG, path], { encoding: 'utf8' }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The child's part of `residentGrowthMib`. Rest is what the process has with its code and the archive loaded. */
function measureMemory(path: string): number {
  const archive = readFileSync(path);
  expectRefusal(Buffer.from('not an archive'));
  const restBytes = process.memoryUsage.rss();
  expectRefusal(archive);
  return Math.max(0, residentPeakBytes() - restBytes) / MIB;
}

/** Linux counts the parent's peak into `maxRSS` of a child, so the process's own high-water mark is read there. */
function residentPeakBytes(): number {
  const path = '/proc/self/status';
  const status = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const kibibytes = /^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1];
  return Number(kibibytes ?? process.resourceUsage().maxRSS) * 1024;
}

function expectRefusal(archive: Buffer): void {
  try {
    readPackage(archive);
  } catch (error) {
    if (error instanceof Refusal) return;
    throw error;
  }
}

function readRound(archive: Buffer): () => void {
  return () => void readPackage(archive);
}

function inspectRound(archive: Buffer): () => void {
  const read = readPackage(archive);
  return () => void inspectPackage(read, { knownPluginIds: [] });
}

/** 200 files of 5 KiB whose text compresses about as code does. */
function plainPackage(): Buffer {
  return forgeZip(
    Array.from({ length: 200 }, (_, file) => ({
      name: `lib/part-${file}.js`,
      content: code(5 * 1024, file),
    })),
  );
}

function codePackage(source: string): Buffer {
  const manifest = {
    manifestVersion: 1,
    id: 'bench/code',
    version: '1.0.0',
    name: 'Bench',
    main: 'index.js',
  };
  return forgeZip([
    { name: 'manifest.json', content: JSON.stringify(manifest) },
    { name: 'index.js', content: source },
  ]);
}

/** Libraries of ours, bundled as a plugin would bundle them: about 950 KiB of ordinary code, not minified. */
function bundledCode(): string {
  const names = ['acorn', 'hono', 'jsonc-parser', 'semver', 'ajv/dist/2020.js', 'fflate', 're2js'];
  const { outputFiles } = buildSync({
    stdin: {
      contents: names.map((name, at) => `export * as library${at} from '${name}';`).join('\n'),
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

function code(bytes: number, seed: number): string {
  const lines: string[] = [];
  let length = 0;
  for (let line = 0; length < bytes - 160; line += 1) {
    const name = `value${seed}_${line}`;
    const text = `export function ${name}(input, host) { const parts = input.split('${line * seed}'); return parts.map((part) => part.trim() + ${line}).join('-'); }\n`;
    lines.push(text);
    length += text.length;
  }
  return lines.join('');
}

function manyEntries(): RejectCase {
  const entries: ForgeEntry[] = Array.from({ length: 4990 }, (_, at) => ({
    name: `files/${at}.txt`,
    content: `${at}`,
  }));
  entries.push({ name: 'wrong', content: 'x', both: { crc32: 1 } });
  return { trick: 'many', code: 'archive_crc_mismatch', archive: () => forgeZip(entries) };
}

function largeContent(): RejectCase {
  const blanks = Buffer.alloc(64 * MIB, ' ');
  const data = deflateRawSync(blanks);
  const wrong: ForgeEntry = { name: 'a', data, method: 8, both: { size: 64 * MIB, crc32: 1 } };
  return { trick: 'blanks', code: 'archive_crc_mismatch', archive: () => forgeZip([wrong]) };
}

function largeStored(): RejectCase {
  const wrong: ForgeEntry = { name: 'a', content: Buffer.alloc(49 * MIB, 1), method: 0, both: { crc32: 1 } };
  return { trick: 'stored', code: 'archive_crc_mismatch', archive: () => forgeZip([wrong]) };
}

if (import.meta.main && process.argv[2] === MEMORY_FLAG) {
  process.stdout.write(String(measureMemory(process.argv[3] ?? '')));
}
