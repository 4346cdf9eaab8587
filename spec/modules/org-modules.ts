/**
 * The modules of one organization: those of the core, and what its installed plugins bring and add. All come through
 * `assembleModules`, the core's first, so that no name of the core can be taken; what stands there is never changed,
 * only added to.
 */
import type { JsonObject } from '../json.ts';
import { CORE_MODULES, type CoreRecordType } from './core-modules.ts';
import { qualifiedName, type ModuleContribution, type RecordExtension, type RecordType } from './module.ts';
import { coversPermission, type Permission } from '../permission.ts';
import type { PluginId } from '../plugin-id.ts';
import { Refusal } from '../refusal.ts';

/** Why a part of a plugin counts or does not. */
export type ModuleStatus = 'inForce' | 'pluginNotActive' | 'notGranted' | 'targetMissing';

/** A plugin that brings modules, as it is installed. */
export type ModuleSource = {
  readonly plugin: PluginId;
  readonly version: string;
  readonly digest: string;
  readonly active: 'yes' | 'no';
  readonly grants: readonly Permission[];
  readonly modules: readonly ModuleContribution[];
  /** What is in effect; secrets are kept elsewhere. */
  readonly config: JsonObject;
};

/** A part of a plugin, where it stands and whether it counts. */
export type ModulePart = {
  readonly source: ModuleSource;
  readonly contribution: ModuleContribution;
  readonly status: ModuleStatus;
};

export type OrgModule = {
  readonly name: string;
  /** The name that is unmistakable in the organization; the same as `name` for the core. */
  readonly qualifiedName: string;
  readonly title: string;
  readonly description: string | null;
  readonly status: ModuleStatus;
  /** Null for the core. */
  readonly broughtBy: ModuleSource | null;
  readonly recordTypes: readonly OrgRecordType[];
  readonly actions: readonly string[];
  readonly extensions: readonly ModulePart[];
};

/** A record type as records of it are judged now. */
export type OrgRecordType = {
  readonly qualifiedName: string;
  readonly status: ModuleStatus;
  readonly type: RecordType & Pick<CoreRecordType, 'slugs' | 'references'>;
  /** Null for the core. */
  readonly broughtBy: ModuleSource | null;
  /** In force only, in the order of the plugins' ids. */
  readonly extensions: readonly { readonly source: ModuleSource; readonly extension: RecordExtension }[];
};

export type OrgModules = {
  readonly modules: readonly OrgModule[];
  /** @returns the one module of this bare or qualified name, or all that claim the bare name */
  findModule(name: string): OrgModule | readonly OrgModule[] | undefined;
  /** The same for record types. */
  findRecordType(name: string): OrgRecordType | readonly OrgRecordType[] | undefined;
};

type Draft = Omit<OrgModule, 'recordTypes' | 'extensions'> & {
  readonly recordTypes: OrgRecordType[];
  readonly extensions: ModulePart[];
};

/** @param sources in any order */
export function assembleModules(sources: readonly ModuleSource[]): OrgModules {
  const sorted = [...sources].sort((left, right) => (left.plugin < right.plugin ? -1 : 1));
  const drafts = [...coreDrafts(), ...sorted.flatMap(newModules)];
  for (const source of sorted)
    for (const contribution of source.modules.filter((each) => each.extends !== undefined))
      extend(drafts, source, contribution);
  const modules = drafts.map((draft) => withExtensions(draft, drafts));
  return {
    modules,
    findModule: (name) => oneOrAll(modules, name),
    findRecordType: (name) =>
      oneOrAll(
        modules.flatMap(({ recordTypes }) => recordTypes.map((type) => ({ ...type, name: type.type.name }))),
        name,
      ),
  };
}

function coreDrafts(): Draft[] {
  return CORE_MODULES.map(({ name, title, recordType }) => ({
    name,
    qualifiedName: name,
    title,
    description: null,
    status: 'inForce',
    broughtBy: null,
    recordTypes: [coreRecordType(recordType)],
    actions: [],
    extensions: [],
  }));
}

function coreRecordType(type: CoreRecordType): OrgRecordType {
  return { qualifiedName: type.name, status: 'inForce', type, broughtBy: null, extensions: [] };
}

function newModules(source: ModuleSource): Draft[] {
  return source.modules.flatMap((contribution) => {
    const { name } = contribution;
    if (name === undefined) return [];
    const status = statusOf(source, name);
    return [
      {
        name,
        qualifiedName: qualifiedName(source.plugin, name),
        title: contribution.title ?? name,
        description: contribution.description ?? null,
        status,
        broughtBy: source,
        recordTypes: recordTypesOf(source, contribution, status),
        actions: contribution.actions ?? [],
        extensions: [],
      },
    ];
  });
}

function statusOf(source: ModuleSource, module: string): ModuleStatus {
  const wanted: Permission = { name: 'modules.extend', scope: [module] };
  if (!source.grants.some((grant) => coversPermission(grant, wanted))) return 'notGranted';
  return source.active === 'yes' ? 'inForce' : 'pluginNotActive';
}

function recordTypesOf(
  source: ModuleSource,
  { recordTypes = [] }: ModuleContribution,
  status: ModuleStatus,
): OrgRecordType[] {
  return recordTypes.map((type) => ({
    qualifiedName: qualifiedName(source.plugin, type.name),
    status,
    type,
    broughtBy: source,
    extensions: [],
  }));
}

/** Puts a contribution beside what it extends; one whose target is not there waits for it. */
function extend(drafts: readonly Draft[], source: ModuleSource, contribution: ModuleContribution): void {
  const target = oneOrAll(drafts, contribution.extends ?? '');
  if (target === undefined || isSeveral(target)) return;
  const granted = statusOf(source, contribution.extends ?? '');
  const status = granted === 'inForce' && target.status !== 'inForce' ? 'targetMissing' : granted;
  target.extensions.push({ source, contribution, status });
  target.recordTypes.push(...recordTypesOf(source, contribution, status));
}

/** Each record type with what all modules' extensions in force add to it. */
function withExtensions(draft: Draft, drafts: readonly Draft[]): OrgModule {
  const inForce = drafts.flatMap(({ extensions }) => extensions).filter(({ status }) => status === 'inForce');
  const recordTypes = draft.recordTypes.map((each) => ({
    ...each,
    extensions: inForce
      .filter(({ source, contribution }) => extendsModule(draft, source, contribution))
      .flatMap(({ source, contribution }) =>
        (contribution.extensions ?? [])
          .filter(({ recordType }) => recordType === each.type.name || recordType === each.qualifiedName)
          .map((extension) => ({ source, extension })),
      ),
  }));
  return { ...draft, recordTypes };
}

function extendsModule(draft: Draft, source: ModuleSource, contribution: ModuleContribution): boolean {
  return draft.extensions.some((part) => part.source === source && part.contribution === contribution);
}

type Named = { readonly name: string; readonly qualifiedName: string };

/** A qualified name is one thing; a bare name is, where one thing alone has it. */
function oneOrAll<Item extends Named>(items: readonly Item[], name: string): Item | Item[] | undefined {
  const exact = items.find((item) => item.qualifiedName === name);
  if (exact) return exact;
  const named = items.filter((item) => item.name === name);
  return named.length > 1 ? named : named[0];
}

/** @returns whether a name was claimed by several, so that only qualified names tell them apart */
export function isSeveral<Item>(found: Item | readonly Item[]): found is readonly Item[] {
  return Array.isArray(found);
}

/** @param claims all that have the bare name */
export function ambiguous(
  what: 'module' | 'record type',
  name: string,
  claims: readonly { readonly qualifiedName: string }[],
): Refusal {
  const names = claims.map((claim) => claim.qualifiedName);
  return new Refusal('name_ambiguous', {
    detail: `Several plugins bring a ${what} ${name}: ${names.join(', ')}.`,
    extensions: { names },
  });
}
