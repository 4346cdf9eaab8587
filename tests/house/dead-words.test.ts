/** Words that are written down once must be used: every error code thrown, every limit held, every setting read. */
import { expect, it } from 'vitest';
import { SETTINGS } from '../../server/settings.ts';
import { ERROR_CODES } from '../../spec/error-codes.ts';
import * as limits from '../../spec/limits.ts';
import { readSource, sourceFiles } from './sources.ts';

const sources = sourceFiles().map((file) => ({ file, text: readSource(file) }));

/** The sources but those that define the words in question. */
const textWithout = (definitions: RegExp): string =>
  sources.flatMap(({ file, text }) => (definitions.test(file) ? [] : text)).join('\n');

/** Groups that are handed over whole, and read by another name there. */
const TAKEN_WHOLE = new Set([
  'STREAM_LIMITS',
  'RUNNER_LIMITS',
  'UPKEEP_LIMITS',
  'FILE_LIMITS',
  'ORGANIZATION_LIMITS',
]);

it('every error code is named where it is thrown', () => {
  const text = textWithout(/^spec\/errors\//u);
  expect(Object.keys(ERROR_CODES).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});

/** `GROUP.name`, or `name` among what is taken out of the group. */
function isHeld(text: string, group: string, name: string): boolean {
  const reads = new RegExp(
    `\\b${group}(\\.\\w+)*\\.${name}\\b|\\{[^{}]*\\b${name}\\b[^{}]*\\}\\s*=\\s*${group}\\b`,
    'u',
  );
  return reads.test(text);
}

it('every limit is held', () => {
  const text = textWithout(/^spec\/limits/u);
  const idle = Object.entries(limits)
    .filter(([group]) => group.endsWith('_LIMITS') && group !== 'RUN_LIMITS')
    .flatMap(([group, members]) => Object.keys(members).map((name) => ({ group, name })))
    .filter(({ group, name }) => !isHeld(text, group, name))
    .filter(({ group, name }) => !(TAKEN_WHOLE.has(group) && new RegExp(`\\b${name}\\b`, 'u').test(text)))
    .map(({ group, name }) => `${group}.${name}`);
  expect(idle).toEqual([]);
});

it('every limit of a run is held', () => {
  const text = textWithout(/^spec\/limits/u);
  expect(
    Object.keys(limits.RUN_LIMITS.endpoint).filter((name) => !new RegExp(`\\b${name}\\b`, 'u').test(text)),
  ).toEqual([]);
});

it('every setting is read', () => {
  const text = textWithout(/^server\/settings\.ts$/u);
  // A master key comes from one of two variables, of which the settings make one.
  const names = Object.keys(SETTINGS).filter((name) => name !== 'masterKeyFile');
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`, 'u').test(text))).toEqual([]);
});
