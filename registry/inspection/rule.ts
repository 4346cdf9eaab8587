/** A rule of inspection: looks at one subject and reports findings. */
import type { Manifest } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { ReadPackage } from '../package/read-package.ts';
import type { Report, RuleName, RuleSwitch, Severity } from './finding.ts';
import type { ModuleGraph } from './module-graph.ts';

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
