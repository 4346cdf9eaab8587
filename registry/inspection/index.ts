export { inspectPackage, type Inspection, type InspectionContext } from './inspect-package.ts';
export type { ModuleInfo } from './module-graph.ts';
export type { Finding, RuleName, RuleSwitch } from './finding.ts';
export { RULES } from './rules.ts';
