/**
 * Modules: named units of record types and rights. The core has some (core-modules.ts); a plugin brings further ones
 * or extends one that is there, through `contributes.modules` and with `modules.extend` granted.
 */
import type { JsonObject } from '../json.ts';
import type { PluginId } from '../plugin-id.ts';

/**
 * A kind of record.
 *
 * `schema` describes the data, an object whose further members are refused. `keys` tell which records are the same
 * thing: two that agree in every field of one key are one. A key counts when its last field is there; fields before it
 * that are absent count as empty, so `["organization", "email"]` also tells apart members without an organization.
 * Stronger keys come first. `likeness` are fields that two records share by chance or because they are one: a row that
 * has no key and is alike to a record is shown to a person.
 */
export type RecordType = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly schema: JsonObject;
  readonly keys?: readonly (readonly string[])[];
  readonly likeness?: readonly string[];
};

/** A rule over the whole data of a record, beyond the type's own schema. */
export type RecordValidator = {
  /** Limited JSON Schema, as docs/schema-keywords.md lists it. */
  readonly schema: JsonObject;
  /** What people read about a row that breaks it. */
  readonly message: string;
};

/** What a plugin adds to a record type of another module. */
export type RecordExtension = {
  readonly recordType: string;
  /** Schema of the plugin's own fields; they live under the plugin's id in the data of a record. */
  readonly fields?: JsonObject;
  readonly validators?: readonly RecordValidator[];
};

/** One entry of `contributes.modules`: with `name` a new module, with `extends` more of one that is there. */
export type ModuleContribution = {
  readonly name?: string;
  readonly extends?: string;
  readonly title?: string;
  readonly description?: string;
  readonly recordTypes?: readonly RecordType[];
  readonly extensions?: readonly RecordExtension[];
  /** Rights of `contributes.actions` that belong to the module. */
  readonly actions?: readonly string[];
};

/** A word of a plugin's own, unmistakable in every organization: `kelompok.csv-import.batch`. */
export function qualifiedName(plugin: PluginId, word: string): string {
  return `${plugin.replace('/', '.')}.${word}`;
}

const WORD = '[a-z][a-z0-9]*(?:-[a-z0-9]+)*';
const NAME = new RegExp(`^${WORD}(?:\\.${WORD}\\.${WORD})?$`, 'u');
const NAME_CHARS_MAX = 200;

/** @returns whether it is the name of a module or record type: a bare word, or one qualified by its plugin */
export function isModuleWord(text: string): boolean {
  return text.length <= NAME_CHARS_MAX && NAME.test(text);
}
