/** The words of inspection: a rule looks at one subject and reports findings. */
import type { INSPECTION_ERRORS } from '../../spec/errors/inspection.ts';
import type { Manifest } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { ReadPackage } from '../package/read-package.ts';
import type { ModuleGraph } from './module-graph.ts';

type InspectionCode = keyof typeof INSPECTION_ERRORS;
/** The rules; a rule has the name of its code. */
export type RuleName = Exclude<
  InspectionCode,
  'inspection_rejected' | 'inspection_timeout' | 'inspection_check_crashed'
>;

type Severity = 'error' | 'warning' | 'notice';

/** off: not run; watch: reported with the package; enforce: a finding rejects the package. */
export type RuleSwitch = 'off' | 'watch' | 'enforce';

export type Finding = {
  readonly rule: RuleName | 'inspection_check_crashed';
  readonly severity: Severity;
  /** What was found, as one sentence. Never quotes a secret. */
  readonly message: string;
  /** JSON pointer into manifest.json, or `path` or `path:line` of a file of the package. */
  readonly pointer: string;
  readonly hint: string;
};

/** What a rule reports; name, severity and hint come from the rule. */
export type Report = { readonly pointer: string; readonly message: string; readonly hint?: string };

/** What every rule looks at. */
export type Subject = {
  readonly read: ReadPackage;
  readonly manifest: Manifest;
  readonly modules: ModuleGraph;
  readonly knownPluginIds: readonly PluginId[];
};

export type Rule = {
  readonly name: RuleName;
  readonly severity: Severity;
  readonly defaultSwitch: RuleSwitch;
  /** Rules without which the package could not be run or read: an instance cannot switch them lower. */
  readonly isFixed: boolean;
  readonly run: (subject: Subject) => readonly Report[];
};
