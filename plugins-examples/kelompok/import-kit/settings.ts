/** What was configured for the plugin, and over it what was said for one file. */
import type { Json } from 'souk/sdk';
import { ENCODINGS, type EncodingChoice } from './decoding.ts';
import { ImportError } from './import-error.ts';

export const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t' } as const;
export type Delimiter = keyof typeof DELIMITERS | 'auto';

export type Settings = {
  readonly delimiter: Delimiter;
  readonly encoding: EncodingChoice;
  /** Column to field. */
  readonly columns: ReadonlyMap<string, string>;
  /** Slug of the organization that rows belong to which name none. */
  readonly organization: string | undefined;
};

const NAMES: readonly string[] = ['delimiter', 'encoding', 'columns', 'organization', 'dryRun'];

/** @throws ImportError `file_unreadable` for options that are none */
export function readSettings(
  config: Readonly<Record<string, Json>>,
  options: Readonly<Record<string, Json>>,
): Settings {
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw wrong(unknown, `is none of ${NAMES.slice(0, -1).join(', ')}`);
  const said = new Map([...Object.entries(config), ...Object.entries(options)]);
  const organization = said.get('organization');
  if (organization !== undefined && typeof organization !== 'string')
    throw wrong('organization', 'is no text');
  return {
    delimiter: oneOf(['auto', 'comma', 'semicolon', 'tab'], 'delimiter', said),
    encoding: oneOf(ENCODINGS, 'encoding', said),
    columns: readColumns(said.get('columns') ?? {}),
    organization,
  };
}

function oneOf<Value extends string>(
  values: readonly Value[],
  name: string,
  said: ReadonlyMap<string, Json>,
): Value {
  const value = said.get(name) ?? 'auto';
  const found = values.find((each) => each === value);
  if (found === undefined) throw wrong(name, `is none of ${values.join(', ')}`);
  return found;
}

function readColumns(columns: Json): Map<string, string> {
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns))
    throw wrong('columns', 'is no object of column names and fields');
  return new Map(
    Object.entries(columns).map(([column, field]) => {
      if (typeof field !== 'string') throw wrong('columns', 'has something else than names of fields');
      return [column.trim(), field];
    }),
  );
}

function wrong(name: string, what: string): ImportError {
  return new ImportError('file_unreadable', `The option ${JSON.stringify(name.slice(0, 60))} ${what}.`);
}
