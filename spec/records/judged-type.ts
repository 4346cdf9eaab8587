/** A record type of one organization, ready to judge data: its schema and what extensions in force add, compiled. */
import { createHash } from 'node:crypto';
import { compileGuestSchema, type GuestValidator } from '../guest-validator.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { RECORD_LIMITS } from '../limits.ts';
import { ambiguous, isSeveral, type OrgModules, type OrgRecordType } from '../modules/org-modules.ts';
import type { PluginId } from '../plugin-id.ts';
import { Refusal, type Violation } from '../refusal.ts';
import { toPointer } from '../strict-json.ts';
import { isObject } from './normalise.ts';

export type JudgedType = {
  /** The name under which records of the type are kept. */
  readonly name: string;
  readonly type: OrgRecordType['type'];
  /** @returns every rule that the whole data of a record breaks, empty when they are sound */
  readonly violationsOf: (data: JsonObject) => Violation[];
};

type Compiled = JudgedType['violationsOf'];

/** A type with its extensions compiles in some milliseconds, and judges many thousand rows. */
const KEPT_MAX = 200;
const kept = new Map<string, Compiled>();

/**
 * @param name bare or qualified
 * @throws Refusal `record_type_unknown`, `name_ambiguous`
 */
export function requireRecordType(modules: OrgModules, name: string): OrgRecordType {
  const found = modules.findRecordType(name);
  if (found === undefined)
    throw new Refusal('record_type_unknown', { detail: 'The organization has no record type of this name.' });
  if (isSeveral(found)) throw ambiguous('record type', name, found);
  return found;
}

/** @throws Refusal `record_type_not_in_force`: data of it are kept, and nothing is added */
export function judge(found: OrgRecordType): JudgedType {
  if (found.status !== 'inForce') {
    throw new Refusal('record_type_not_in_force', {
      detail: `${found.qualifiedName} belongs to ${found.broughtBy?.plugin ?? 'the core'}: ${found.status}.`,
    });
  }
  return { name: found.qualifiedName, type: found.type, violationsOf: compiled(found) };
}

/** Equal texts of schemas judge alike, whosoever they are. */
function compiled(found: OrgRecordType): Compiled {
  const parts = [
    found.type.schema,
    ...found.extensions.map(({ source, extension }) => [source.plugin, extension]),
  ];
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const known = kept.get(digest);
  if (known) return known;
  const fresh = compile(found);
  kept.set(digest, fresh);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  return fresh;
}

function compile({ type, extensions }: OrgRecordType): Compiled {
  const own = compileGuestSchema({ ...type.schema, additionalProperties: false });
  const fields = new Map<string, GuestValidator>();
  const rules: { readonly plugin: PluginId; readonly message: string; readonly check: GuestValidator }[] = [];
  for (const { source, extension } of extensions) {
    if (extension.fields)
      fields.set(source.plugin, compileGuestSchema({ ...extension.fields, additionalProperties: false }));
    for (const { schema, message } of extension.validators ?? [])
      rules.push({ plugin: source.plugin, message, check: compileGuestSchema(schema) });
  }
  return (data) => {
    const { core, spaces } = split(data);
    return [
      ...own(core),
      ...spaces.flatMap(([plugin, value]) => spaceViolations(plugin, value, fields.get(plugin))),
      ...rules.flatMap(({ plugin, message, check }) =>
        check(data).length > 0 ? [{ pointer: '', message: `${message} (a rule of ${plugin})` }] : [],
      ),
    ].slice(0, RECORD_LIMITS.reasonsPerRowMax);
  };
}

/** Whether a member of the data is the namespace of a plugin: no own field of a type has a slash in its name. */
export function isNamespace(key: string): boolean {
  return key.includes('/');
}

function split(data: JsonObject): { core: JsonObject; spaces: [string, JsonValue][] } {
  const entries = Object.entries(data);
  return {
    core: Object.fromEntries(entries.filter(([key]) => !isNamespace(key))),
    spaces: entries.filter(([key]) => isNamespace(key)),
  };
}

/** What a plugin that is out of force left in a record stays there unjudged. */
function spaceViolations(plugin: string, value: JsonValue, check: GuestValidator | undefined): Violation[] {
  if (!check) return [];
  const pointer = toPointer([plugin]);
  if (!isObject(value)) return [{ pointer, message: 'is not an object' }];
  return check(value).map((violation) => ({ ...violation, pointer: pointer + violation.pointer }));
}

/** @returns whether a plugin has fields of its own in records of the type */
export function hasOwnFields({ extensions }: OrgRecordType, plugin: PluginId): boolean {
  return extensions.some(
    ({ source, extension }) => source.plugin === plugin && extension.fields !== undefined,
  );
}
