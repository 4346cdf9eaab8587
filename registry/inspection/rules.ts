/** The ordered list of rules. Adding one means adding a line here, a code in spec/errors and a row in the docs. */
import { findLicenceMissing, findReadmeMissing } from './companions.ts';
import { findLookAlikes } from './look-alike.ts';
import { findUncoveredEvents, findUndeclaredCallees, findUndeclaredPermissions } from './permission-use.ts';
import type { RuleName } from './finding.ts';
import type { Rule } from './rule.ts';
import { findPrivateKeys, findSecretFiles, findTokens } from './secrets.ts';

/** A rule whose faults the module graph has found already. Nothing could load what breaks one of these. */
function ofModules(name: RuleName): Rule {
  return {
    name,
    severity: 'error',
    defaultSwitch: 'enforce',
    isFixed: true,
    run: ({ modules }) => modules.faults.filter((fault) => fault.rule === name),
  };
}

export const RULES: readonly Rule[] = [
  ofModules('entry_module_missing'),
  ofModules('module_not_utf8'),
  ofModules('module_syntax'),
  ofModules('module_too_deep'),
  ofModules('import_not_bundled'),
  ofModules('import_outside'),
  ofModules('import_missing'),
  ofModules('import_not_javascript'),
  ofModules('code_too_large'),
  ofModules('too_many_modules'),
  // A package that brings a theme alone has no handlers, and is never loaded.
  { ...ofModules('entry_default_missing'), severity: 'warning', defaultSwitch: 'watch', isFixed: false },
  // The sandbox loads nothing once a plugin runs: such an import fails where it is reached, which it may never be.
  { ...ofModules('import_not_literal'), severity: 'warning', defaultSwitch: 'watch', isFixed: false },
  { ...ofModules('import_dynamic'), severity: 'warning', defaultSwitch: 'watch', isFixed: false },
  {
    name: 'permission_undeclared',
    severity: 'warning',
    defaultSwitch: 'watch',
    isFixed: false,
    run: findUndeclaredPermissions,
  },
  {
    name: 'event_uncovered',
    severity: 'warning',
    defaultSwitch: 'watch',
    isFixed: false,
    run: findUncoveredEvents,
  },
  {
    name: 'callee_undeclared',
    severity: 'warning',
    defaultSwitch: 'watch',
    isFixed: false,
    run: findUndeclaredCallees,
  },
  {
    name: 'private_key_in_package',
    severity: 'error',
    defaultSwitch: 'enforce',
    isFixed: false,
    run: findPrivateKeys,
  },
  { name: 'secret_in_package', severity: 'error', defaultSwitch: 'enforce', isFixed: false, run: findTokens },
  {
    name: 'environment_file_in_package',
    severity: 'error',
    defaultSwitch: 'enforce',
    isFixed: false,
    run: findSecretFiles,
  },
  {
    name: 'look_alike_name',
    severity: 'warning',
    defaultSwitch: 'watch',
    isFixed: false,
    run: findLookAlikes,
  },
  {
    name: 'readme_missing',
    severity: 'notice',
    defaultSwitch: 'watch',
    isFixed: false,
    run: findReadmeMissing,
  },
  {
    name: 'licence_missing',
    severity: 'notice',
    defaultSwitch: 'watch',
    isFixed: false,
    run: findLicenceMissing,
  },
];
