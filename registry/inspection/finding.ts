/** What inspection finds, and what becomes of it. */
import type { INSPECTION_ERRORS } from '../../spec/errors/inspection.ts';

type InspectionCode = keyof typeof INSPECTION_ERRORS;
/** The rules; a rule has the name of its code. */
export type RuleName = Exclude<
  InspectionCode,
  'inspection_rejected' | 'inspection_timeout' | 'inspection_check_crashed'
>;

export type Severity = 'error' | 'warning' | 'notice';

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
