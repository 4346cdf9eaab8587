/** What people see of the modules of their organization. */
import type { Database } from '../../database/index.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import {
  ambiguous,
  isSeveral,
  type ModulePart,
  type ModuleSource,
  type OrgModule,
  type OrgRecordType,
} from '../../spec/modules/org-modules.ts';
import { Refusal } from '../../spec/refusal.ts';
import { loadModules } from './load-modules.ts';

/** The modules with their status, in short. */
export async function listModules(database: Database, orgId: string): Promise<JsonObject[]> {
  const { modules } = await modulesOf(database, orgId);
  return modules.map(summaryOf);
}

/**
 * One module with schemas, extensions, and the configuration of the plugins that it is made of.
 * @param name bare where one module has it, or qualified
 * @throws Refusal `not_found`, `name_ambiguous`
 */
export async function readModule(database: Database, orgId: string, name: string): Promise<JsonObject> {
  const found = (await modulesOf(database, orgId)).findModule(name);
  if (found === undefined) throw new Refusal('not_found', { detail: 'There is no module of this name.' });
  if (isSeveral(found)) throw ambiguous('module', name, found);
  return {
    ...summaryOf(found),
    recordTypes: found.recordTypes.map(recordTypeView),
    extensions: found.extensions.map(extensionView),
    settings: settingsOf(found),
  };
}

function modulesOf(database: Database, orgId: string): ReturnType<typeof loadModules> {
  return database.transaction({ kind: 'org', orgId }, (tx) => loadModules(tx, orgId), {
    access: 'read only',
  });
}

function summaryOf(module: OrgModule): JsonObject {
  const { name, qualifiedName, title, description, status, recordTypes, actions, extensions } = module;
  return {
    name,
    qualifiedName,
    title,
    description,
    status,
    broughtBy: pluginOf(module.broughtBy),
    recordTypes: recordTypes.map((type) => type.qualifiedName),
    actions: actionsOf(module, actions),
    extensions: extensions.map(({ source, status: itsStatus }) => ({
      ...pluginOf(source),
      status: itsStatus,
    })),
  };
}

function pluginOf(source: ModuleSource | null): JsonObject | null {
  return source && { plugin: source.plugin, version: source.version };
}

/** Rights with the plugin that defines each: administrators map them to roles there. */
function actionsOf({ broughtBy, extensions }: OrgModule, actions: readonly string[]): JsonValue[] {
  const own = broughtBy ? actions.map((action) => ({ plugin: broughtBy.plugin, action })) : [];
  const added = extensions.flatMap(({ source, contribution }) =>
    (contribution.actions ?? []).map((action) => ({ plugin: source.plugin, action })),
  );
  return [...own, ...added];
}

function recordTypeView({ qualifiedName, status, type, broughtBy, extensions }: OrgRecordType): JsonObject {
  const { name, title = name, description = null, schema, keys = [], likeness = [] } = type;
  return {
    name,
    qualifiedName,
    title,
    description,
    status,
    broughtBy: pluginOf(broughtBy),
    schema,
    keys: keys.map((key) => [...key]),
    likeness: [...likeness],
    extensions: extensions.map(({ source, extension }) => ({
      plugin: source.plugin,
      fields: extension.fields ?? null,
      validators: (extension.validators ?? []).map(({ schema: rule, message }) => ({
        schema: rule,
        message,
      })),
    })),
  };
}

function extensionView({ source, contribution, status }: ModulePart): JsonObject {
  const { title = null, description = null, actions = [] } = contribution;
  return { ...pluginOf(source), status, title, description, actions: [...actions] };
}

function settingsOf({ broughtBy, extensions }: OrgModule): JsonValue[] {
  const sources = new Set([...(broughtBy ? [broughtBy] : []), ...extensions.map(({ source }) => source)]);
  return [...sources].map(({ plugin, config }) => ({ plugin, config }));
}
