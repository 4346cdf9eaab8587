/**
 * Inspection: is this, as a plugin, what it claims to be? The journey: manifest → what this Souk can run → modules →
 * every rule → verdict. Manifest errors keep their own codes; every finding of an enforced rule is reported at once.
 */
import { INSPECTION_ERRORS } from '../../spec/errors/inspection.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { parseManifest } from '../../spec/parse-manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { unsupportedParts } from '../../spec/support.ts';
import type { ReadPackage } from '../package/read-package.ts';
import { type ModuleGraph, type ModuleInfo, readModules } from './module-graph.ts';
import type { Finding, RuleName, RuleSwitch } from './finding.ts';
import type { Rule, Subject } from './rule.ts';
import { RULES } from './rules.ts';

/** What an instance brings to an inspection. Plain data, so that it can cross to a worker. */
export type InspectionContext = {
  /** Ids in the catalogue, for the comparison of names; empty where there is none, as in the CLI. */
  readonly knownPluginIds: readonly PluginId[];
  /** Deviations from the rules' own switches; ignored for rules that are fixed. */
  readonly switches?: Readonly<Partial<Record<RuleName, RuleSwitch>>>;
};

declare const inspectionBrand: unique symbol;

/** The result of an inspection that rejected nothing. Only `inspectPackage` makes one. */
export type Inspection = {
  readonly manifest: Manifest;
  /** What watched rules found, in the order of the rules. */
  readonly findings: readonly Finding[];
  /** The entry module first. */
  readonly modules: readonly ModuleInfo[];
  readonly [inspectionBrand]: true;
};

const MANIFEST_PATH = 'manifest.json';

/** How a place in the package is written for who reads of it. */
export type PlaceWriter = (pointer: string) => string;
const asItIs: PlaceWriter = (pointer) => pointer;

/**
 * @param place where the reader wrote the sources of what is packed
 * @throws Refusal `manifest_*`, `contribution_not_supported`, or `inspection_rejected` with one violation for each
 *   finding of an enforced rule and the extension `findings`
 */
export function inspectPackage(read: ReadPackage, context: InspectionContext, place = asItIs): Inspection {
  const manifest = readManifest(read);
  requireSupported(manifest);
  const modules = followModules(read, manifest);
  const subject: Subject = { read, manifest, modules, knownPluginIds: context.knownPluginIds };
  const findings = watchedFindings(subject, context, place);
  const inspection: Omit<Inspection, typeof inspectionBrand> = {
    manifest,
    findings,
    modules: modules.modules,
  };
  return inspection as Inspection;
}

function readManifest(read: ReadPackage): Manifest {
  const bytes = read.files.get(MANIFEST_PATH);
  if (bytes !== undefined) return parseManifest(bytes);
  const elsewhere = [...read.files.keys()].find(
    (path) => path.toLowerCase() === MANIFEST_PATH || path.toLowerCase().endsWith(`/${MANIFEST_PATH}`),
  );
  throw new Refusal('manifest_missing', {
    detail: elsewhere
      ? `The top of the archive has no manifest.json, but ${JSON.stringify(elsewhere)} is there.`
      : 'The top of the archive has no manifest.json.',
  });
}

function requireSupported(manifest: Manifest): void {
  const violations = unsupportedParts(manifest);
  const [first] = violations;
  if (first === undefined) return;
  throw new Refusal('contribution_not_supported', {
    detail: `${first.pointer}: ${first.message}.`,
    violations,
  });
}

/** The graph is made for many rules at once; if it cannot be made, none of them could decide. */
function followModules(read: ReadPackage, manifest: Manifest): ModuleGraph {
  try {
    return readModules(read, manifest);
  } catch {
    throw rejection([crashed('modules')]);
  }
}

/** Runs every rule; what enforced rules found becomes one refusal. */
function watchedFindings(subject: Subject, context: InspectionContext, place: PlaceWriter): Finding[] {
  const watched: Finding[] = [];
  const enforced: Finding[] = [];
  for (const rule of RULES) {
    const ruleSwitch = switchOf(rule, context);
    if (ruleSwitch === 'off') continue;
    for (const finding of runRule(rule, subject, place)) {
      const rejects = ruleSwitch === 'enforce' || finding.rule === 'inspection_check_crashed';
      (rejects ? enforced : watched).push(finding);
    }
  }
  if (enforced.length > 0) throw rejection(enforced);
  return watched;
}

function switchOf(rule: Rule, context: InspectionContext): RuleSwitch {
  if (rule.isFixed) return rule.defaultSwitch;
  return context.switches?.[rule.name] ?? rule.defaultSwitch;
}

/** A check that cannot decide rejects: otherwise the way past a check would be to crash it. */
function runRule(rule: Rule, subject: Subject, place: PlaceWriter): Finding[] {
  try {
    return rule.run(subject).map(({ pointer, message, hint }) => ({
      rule: rule.name,
      severity: rule.severity,
      message,
      pointer: place(pointer),
      hint: hint ?? INSPECTION_ERRORS[rule.name].hint,
    }));
  } catch {
    return [crashed(rule.name)];
  }
}

function crashed(check: string): Finding {
  return {
    rule: 'inspection_check_crashed',
    severity: 'error',
    message: `the check ${check} could not decide`,
    pointer: '',
    hint: INSPECTION_ERRORS.inspection_check_crashed.hint,
  };
}

function rejection(findings: readonly Finding[]): Refusal {
  const [first] = findings;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return new Refusal('inspection_rejected', {
    detail: `${first?.pointer}: ${first?.message}${more}.`,
    ...(first ? { hint: first.hint } : {}),
    violations: findings.map(({ pointer, message, hint }) => ({ pointer, message, hint })),
    extensions: { findings: findings.map((finding) => ({ ...finding })) },
  });
}
