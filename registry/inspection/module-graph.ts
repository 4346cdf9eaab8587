/**
 * The modules that a plugin can load: the entry module and what it imports, followed inside the package. Each module
 * is parsed once, read off, and its tree dropped, so that memory is bounded by the largest module.
 */
import { getLineInfo, type AnyNode, type Identifier, type Literal, type Program } from 'acorn';
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import type { Manifest } from '../../spec/manifest.ts';
import type { ReadPackage } from '../package/read-package.ts';
import { guardedBy, withinGuards } from './guarded-import.ts';
import { type HostApi, hostApisOf } from './host-use.ts';
import { resolveSpecifier } from './module-specifier.ts';
import type { Report, RuleName } from './finding.ts';
import { literalText, parseModule, walkTree } from './syntax-tree.ts';

/** One module of the plugin. */
export type ModuleInfo = {
  readonly path: string;
  /** Bytes of source. */
  readonly size: number;
  readonly imports: readonly { readonly specifier: string; readonly path: string }[];
};

type HostUse = HostApi & { readonly pointer: string };
type ModuleFault = Report & { readonly rule: RuleName };

export type ModuleGraph = {
  /** The entry module first, the others in the order in which they were found. */
  readonly modules: readonly ModuleInfo[];
  readonly hostUses: readonly HostUse[];
  readonly faults: readonly ModuleFault[];
};

/**
 * A graph under construction. `queued` holds every path that is or will be in `modules`; `usesSeen` holds one text
 * for each module and host API in `hostUses`.
 */
type Draft = {
  readonly read: ReadPackage;
  readonly queued: Set<string>;
  readonly usesSeen: Set<string>;
  readonly modules: ModuleInfo[];
  readonly hostUses: HostUse[];
  readonly faults: ModuleFault[];
  readonly faultCounts: Map<RuleName, number>;
};

/** Hosts of faults help nobody, and finding the line of each takes time: the first ones of each rule are reported. */
const FAULTS_PER_RULE_MAX = 50;
const QUOTED_CHARS_MAX = 100;

/** Follows the imports of the entry module. Stops at the limits of code, reporting them. */
export function readModules(read: ReadPackage, manifest: Manifest): ModuleGraph {
  const draft: Draft = {
    read,
    queued: new Set(),
    usesSeen: new Set(),
    modules: [],
    hostUses: [],
    faults: [],
    faultCounts: new Map(),
  };
  if (!read.files.has(manifest.main)) {
    const message = `main is ${quote(manifest.main)}, which is not in the package`;
    return { ...draft, faults: [{ rule: 'entry_module_missing', pointer: '/main', message }] };
  }
  draft.queued.add(manifest.main);
  let codeBytes = 0;
  for (const path of draft.queued) {
    codeBytes += read.files.get(path)?.length ?? 0;
    const limit = limitBroken(draft, codeBytes, path);
    if (limit) {
      draft.faults.push(limit);
      break;
    }
    addModule(draft, path);
  }
  return draft;
}

function limitBroken(draft: Draft, codeBytes: number, path: string): ModuleFault | undefined {
  if (codeBytes > PACKAGE_LIMITS.codeBytesMax) {
    const message = `the modules up to here have ${codeBytes} bytes, more than ${PACKAGE_LIMITS.codeBytesMax}`;
    return { rule: 'code_too_large', pointer: path, message };
  }
  if (draft.modules.length === PACKAGE_LIMITS.modulesMax) {
    const message = `the entry module leads to more than ${PACKAGE_LIMITS.modulesMax} modules`;
    return { rule: 'too_many_modules', pointer: path, message };
  }
  return undefined;
}

function addModule(draft: Draft, path: string): void {
  const bytes = draft.read.files.get(path) ?? new Uint8Array();
  const imports: { specifier: string; path: string }[] = [];
  draft.modules.push({ path, size: bytes.length, imports });
  const source = decodeSource(bytes);
  if (source === undefined) return report(draft, 'module_not_utf8', () => path, 'is not UTF-8');
  const parsed = parseModule(source);
  switch (parsed.kind) {
    case 'tooDeep':
      return report(draft, 'module_too_deep', () => path, 'nests too deep to be read');
    case 'syntax':
      return report(draft, 'module_syntax', () => `${path}:${parsed.line}`, parsed.message);
    case 'parsed':
      if (draft.modules.length === 1 && !exportsDefault(parsed.program))
        report(draft, 'entry_default_missing', () => path, 'has no default export');
      return readProgram(draft, { path, source, imports }, parsed.program);
  }
}

function exportsDefault({ body }: Program): boolean {
  return body.some((statement) => {
    if (statement.type === 'ExportDefaultDeclaration') return true;
    // `export *` alone hands on every name but this one.
    if (statement.type === 'ExportAllDeclaration') return isDefault(statement.exported);
    if (statement.type !== 'ExportNamedDeclaration') return false;
    return statement.specifiers.some(({ exported }) => isDefault(exported));
  });
}

const isDefault = (name: Identifier | Literal | null | undefined): boolean =>
  (name?.type === 'Identifier' ? name.name : name?.value) === 'default';

type Place = { readonly path: string; readonly source: string };
type ImportingPlace = Place & { readonly imports: { specifier: string; path: string }[] };

/** What is not bundled, and imported by `import()`, is an error unless the module expects that it is not there. */
function readProgram(draft: Draft, place: ImportingPlace, program: AnyNode): void {
  const guards: { start: number; end: number }[] = [];
  const late: LateImport[] = [];
  walkTree(program, (node) => {
    const guard = guardedBy(node);
    if (guard) guards.push(guard);
    readImport(draft, place, node, late);
    readHostUse(draft, place, node);
  });
  if (late.length === 0) return;
  const expected = withinGuards(late, guards);
  for (const found of late) {
    const rule = expected.has(found) ? 'import_dynamic' : 'import_not_bundled';
    const message = `the import ${quote(found.specifier)} ${found.why}`;
    report(draft, rule, () => pointerTo(place, found), message);
  }
}

/** An `import()` of what is not in the package. */
type LateImport = {
  readonly start: number;
  readonly end: number;
  readonly specifier: string;
  readonly why: string;
};

function readImport(draft: Draft, place: ImportingPlace, node: AnyNode, late: LateImport[]): void {
  const source = importSource(node);
  if (source === undefined) return;
  const specifier = literalText(source);
  if (specifier === undefined) {
    const message = 'import() of a path that is computed at run time';
    return report(draft, 'import_not_literal', () => pointerTo(place, node), message);
  }
  const resolved = resolveSpecifier(place.path, specifier, draft.read.files);
  if (resolved.kind === 'refused') {
    if (node.type === 'ImportExpression' && resolved.rule === 'import_not_bundled') {
      late.push({ start: node.start, end: node.end, specifier, why: resolved.why });
      return;
    }
    const message = `the import ${quote(specifier)} ${resolved.why}`;
    return report(draft, resolved.rule, () => pointerTo(place, node), message);
  }
  if (node.type === 'ImportExpression')
    report(
      draft,
      'import_dynamic',
      () => pointerTo(place, node),
      `import(${quote(specifier)}) fails when it is reached`,
    );
  place.imports.push({ specifier, path: resolved.path });
  draft.queued.add(resolved.path);
}

function importSource(node: AnyNode): AnyNode | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
      return node.source;
    case 'ExportNamedDeclaration':
      return node.source ?? undefined;
    default:
      return undefined;
  }
}

function readHostUse(draft: Draft, place: Place, node: AnyNode): void {
  for (const use of hostApisOf(node)) {
    // One place per API and module is enough to find it by, and bounds the list.
    const key = `${use.api} ${place.path}`;
    if (draft.usesSeen.has(key)) continue;
    draft.usesSeen.add(key);
    draft.hostUses.push({ ...use, pointer: pointerTo(place, node) });
  }
}

function report(draft: Draft, rule: RuleName, locate: () => string, message: string): void {
  const count = (draft.faultCounts.get(rule) ?? 0) + 1;
  draft.faultCounts.set(rule, count);
  if (count <= FAULTS_PER_RULE_MAX) draft.faults.push({ rule, pointer: locate(), message });
}

function pointerTo(place: Place, node: { readonly start: number }): string {
  return `${place.path}:${getLineInfo(place.source, node.start).line}`;
}

function decodeSource(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, QUOTED_CHARS_MAX).toWellFormed());
}
