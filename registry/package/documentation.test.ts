import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ARCHIVE_ERRORS } from '../../spec/errors/archive.ts';
import { INSPECTION_ERRORS } from '../../spec/errors/inspection.ts';
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import { RULES } from '../inspection/index.ts';
import { REJECT_ENTRIES } from './corpus/reject-entries.ts';
import { REJECT_NAMES } from './corpus/reject-names.ts';
import { REJECT_STRUCTURE } from './corpus/reject-structure.ts';

/** Cells of tables are padded to one width; the padding means nothing. */
const DOCUMENT = readFileSync(new URL('../../docs/formats/package.md', import.meta.url), 'utf8').replaceAll(
  / +/gu,
  ' ',
);

test.each(Object.entries({ ...ARCHIVE_ERRORS, ...INSPECTION_ERRORS }))(
  '%s is documented with its title and hint',
  (code, { title, hint }) => {
    const row = DOCUMENT.split('\n').find((line) => line.startsWith(`| \`${code}\` `));
    expect(row).toContain(title);
    expect(row).toContain(hint);
  },
);

test.each(RULES)('the switch of $name is documented', ({ name, defaultSwitch, isFixed }) => {
  const words = { off: 'off', watch: 'watched', enforce: 'enforced' }[defaultSwitch];
  expect(DOCUMENT).toContain(`| \`${name}\` | ${words}${isFixed ? ', fixed' : ''} |`);
});

test('the limits are documented as they are', () => {
  const mib = (bytes: number): string => `${bytes / 1024 / 1024} MiB`;
  for (const text of [
    `| archive | ${mib(PACKAGE_LIMITS.archiveBytesMax)} |`,
    `included | ${PACKAGE_LIMITS.entriesMax.toLocaleString('en')} |`,
    `| one file, inflated | ${mib(PACKAGE_LIMITS.fileBytesMax)} |`,
    `| ${mib(PACKAGE_LIMITS.contentBytesMax)}; above ${mib(PACKAGE_LIMITS.expansionBytesFree)}, no more than ${PACKAGE_LIMITS.expansionRatioMax} times`,
    `| extra fields of one header | ${PACKAGE_LIMITS.extraFieldsMax} |`,
    `| ${PACKAGE_LIMITS.nameBytesMax} bytes; each part ${PACKAGE_LIMITS.nameSegmentBytesMax} bytes; ${PACKAGE_LIMITS.nameDepthMax} parts |`,
    `| ${PACKAGE_LIMITS.modulesMax}, together ${mib(PACKAGE_LIMITS.codeBytesMax)} |`,
  ])
    expect(DOCUMENT).toContain(text);
});

test('every rule that an archive alone can break has a case in the corpus', () => {
  // These need a server that reads, or an archive that fools the gate, of which none is known.
  const others = [
    'archive_read_timeout',
    'archive_read_memory',
    'archive_reader_busy',
    'archive_readers_disagree',
  ];
  const covered = new Set<string>(
    [...REJECT_NAMES, ...REJECT_STRUCTURE, ...REJECT_ENTRIES].map(({ code }) => code),
  );
  expect(
    Object.keys(ARCHIVE_ERRORS)
      .filter((code) => !covered.has(code))
      .sort(),
  ).toEqual(others.sort());
});
