/** The rules of `contributes.modules` that JSON Schema cannot say, over a manifest that fits its schema. */
import { checkGuestSchema } from '../guest-schema.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Violation } from '../refusal.ts';
import { CORE_MODULE_NAMES, CORE_MODULES, CORE_RECORD_TYPES } from './core-modules.ts';
import type { ModuleContribution, RecordExtension, RecordType } from './module.ts';

/** What the modules are checked against, of the same manifest. */
export type ModuleSurroundings = {
  readonly actions: readonly string[];
  /** The scope of `modules.extend`; undefined where the manifest does not ask for it. */
  readonly extendScope: readonly string[] | undefined;
};

/** Own fields of a plugin's record type are words; other names are kept for the namespaces of extensions. */
const FIELD = /^[A-Za-z][A-Za-z0-9]{0,62}$/u;
const AT = '/contributes/modules';

/** @returns every violation, empty when the modules are sound */
export function checkModules(
  modules: readonly ModuleContribution[],
  around: ModuleSurroundings,
): Violation[] {
  return [
    ...modules.flatMap((module, index) => checkModule(module, `${AT}/${index}`, around)),
    ...duplicates(modules),
  ];
}

function checkModule(module: ModuleContribution, at: string, around: ModuleSurroundings): Violation[] {
  return [
    ...checkKind(module, at),
    ...checkGrantable(module, at, around),
    ...(module.actions ?? []).flatMap((action, index) =>
      around.actions.includes(action)
        ? []
        : [
            {
              pointer: `${at}/actions/${index}`,
              message: `names the action ${action}, which contributes.actions does not have`,
            },
          ],
    ),
    ...(module.recordTypes ?? []).flatMap((type, index) =>
      checkRecordType(type, `${at}/recordTypes/${index}`),
    ),
    ...(module.extensions ?? []).flatMap((extension, index) =>
      checkExtension(extension, `${at}/extensions/${index}`, module.extends),
    ),
  ];
}

/** A new module or more of an old one: exactly one of the two. */
function checkKind(module: ModuleContribution, at: string): Violation[] {
  if ((module.name === undefined) === (module.extends === undefined))
    return [
      { pointer: at, message: 'has a name (a new module) or extends one that is there: one of the two' },
    ];
  if (module.name === undefined) return [];
  if (CORE_MODULE_NAMES.has(module.name)) {
    const message = `${module.name} is a module of the core, which no plugin replaces`;
    return [{ pointer: `${at}/name`, message, hint: `Write "extends": "${module.name}".` }];
  }
  if ((module.extensions ?? []).length > 0)
    return [{ pointer: `${at}/extensions`, message: 'belongs to a module that "extends" another one' }];
  return [];
}

function checkGrantable(
  module: ModuleContribution,
  at: string,
  { extendScope }: ModuleSurroundings,
): Violation[] {
  const name = module.name ?? module.extends ?? '';
  if (extendScope?.includes(name)) return [];
  return [
    {
      pointer: at,
      message: `the permission modules.extend does not list ${JSON.stringify(name)} in its scope`,
      hint: 'Ask for modules.extend with every module that the plugin brings or extends.',
    },
  ];
}

function checkRecordType(type: RecordType, at: string): Violation[] {
  const faults = [...checkObjectSchema(type.schema, `${at}/schema`)];
  if (CORE_RECORD_TYPES.has(type.name))
    faults.push({ pointer: `${at}/name`, message: `${type.name} is a record type of the core` });
  const fields = new Map(Object.entries(propertiesOf(type.schema)));
  const check = (pointer: string, field: string): void => {
    if (!isScalar(fields.get(field)))
      faults.push({
        pointer,
        message: `${JSON.stringify(field)} is not a text or number of the schema's properties`,
      });
  };
  (type.keys ?? []).forEach((key, index) => key.forEach((field) => check(`${at}/keys/${index}`, field)));
  (type.likeness ?? []).forEach((field) => check(`${at}/likeness`, field));
  for (const field of fields.keys())
    if (!FIELD.test(field))
      faults.push({
        pointer: `${at}/schema/properties`,
        message: `the field ${JSON.stringify(field)} is not a word`,
      });
  return faults;
}

function checkExtension(extension: RecordExtension, at: string, module: string | undefined): Violation[] {
  const core = CORE_MODULES.find(({ name }) => name === module)?.recordType.name;
  if (core !== undefined && extension.recordType !== core)
    return [
      { pointer: `${at}/recordType`, message: `is not ${core}, the record type of the module ${module}` },
    ];
  if (extension.fields === undefined && extension.validators === undefined)
    return [{ pointer: at, message: 'adds neither fields nor validators' }];
  return [
    ...(extension.fields ? checkObjectSchema(extension.fields, `${at}/fields`) : []),
    ...(extension.validators ?? []).flatMap(({ schema }, index) =>
      checkGuestSchema(schema, `${at}/validators/${index}/schema`),
    ),
  ];
}

/** Data are objects of fields that are known one by one, so that a misspelt one is refused and not kept. */
function checkObjectSchema(schema: JsonObject, at: string): Violation[] {
  const faults = checkGuestSchema(schema, at);
  if (schema['type'] !== 'object') faults.push({ pointer: `${at}/type`, message: 'is not "object"' });
  if (Object.keys(propertiesOf(schema)).length === 0)
    faults.push({ pointer: `${at}/properties`, message: 'describes no field' });
  return faults;
}

function propertiesOf(schema: JsonObject): JsonObject {
  const properties = schema['properties'];
  return isObject(properties) ? properties : {};
}

function isScalar(schema: JsonValue | undefined): boolean {
  return isObject(schema) && ['string', 'integer', 'number'].includes(schema['type'] as string);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function duplicates(modules: readonly ModuleContribution[]): Violation[] {
  const named = [
    ...modules.map((module, index) => ({
      key: `the module ${module.name ?? module.extends ?? ''}`,
      pointer: `${AT}/${index}`,
    })),
    ...modules.flatMap(({ recordTypes = [] }, index) =>
      recordTypes.map(({ name }) => ({
        key: `the record type ${name}`,
        pointer: `${AT}/${index}/recordTypes`,
      })),
    ),
    ...modules.flatMap(({ extensions = [] }, index) =>
      extensions.map(({ recordType }) => ({
        key: `the extension of ${recordType}`,
        pointer: `${AT}/${index}/extensions`,
      })),
    ),
  ];
  const seen = new Set<string>();
  return named.flatMap(({ key, pointer }) => {
    if (seen.has(key)) return [{ pointer, message: `repeats ${key}` }];
    seen.add(key);
    return [];
  });
}
