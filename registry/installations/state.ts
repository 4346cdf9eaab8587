/**
 * The lifecycle of an installation as one table: which step is allowed in which state, and where it leads.
 * Every change of a state goes through `stateAfter`, so what the table does not have cannot happen.
 */
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';

export const INSTALLATION_STATES = [
  'installed',
  'activating',
  'active',
  'deactivating',
  'inactive',
  'failed',
] as const;
export type InstallationState = (typeof INSTALLATION_STATES)[number];

/**
 * - `activate`, `activated`, `activationFailed`: its hook is asked to run, ran, or failed.
 * - `activationUndone`: another plugin of the same closure failed, so this one goes back.
 * - `deactivate`, `deactivated`: the same for the way down, which never fails for good.
 * - `replace`: another version takes its place; an active one has to be activated again.
 * - `upgradeUndone`: a new version of the same plan failed, so the one before it is in place again.
 * - `uninstall`: it goes.
 */
export const LIFECYCLE_STEPS = [
  'activate',
  'activated',
  'activationFailed',
  'activationUndone',
  'deactivate',
  'deactivated',
  'replace',
  'upgradeUndone',
  'uninstall',
] as const;
export type LifecycleStep = (typeof LIFECYCLE_STEPS)[number];

type Row = Readonly<Partial<Record<LifecycleStep, InstallationState | 'gone'>>>;

export const TRANSITIONS: Readonly<Record<InstallationState, Row>> = {
  installed: { activate: 'activating', replace: 'installed', upgradeUndone: 'installed', uninstall: 'gone' },
  activating: {
    activated: 'active',
    activationFailed: 'failed',
    activationUndone: 'inactive',
    upgradeUndone: 'active',
  },
  active: { deactivate: 'deactivating', replace: 'activating', upgradeUndone: 'active' },
  deactivating: { deactivated: 'inactive' },
  inactive: { activate: 'activating', replace: 'inactive', upgradeUndone: 'inactive', uninstall: 'gone' },
  failed: { activate: 'activating', deactivate: 'deactivating', replace: 'inactive', uninstall: 'gone' },
};

/**
 * What people are shown (DESIGN section 9): one that is active and not well is in error.
 * @param health how the last test in this state went; null where there was none
 */
export function statusOf(
  state: InstallationState,
  health: 'done' | 'failed' | null,
): 'READY' | 'DISABLED' | 'ERROR' {
  switch (state) {
    case 'active':
      return health === 'failed' ? 'ERROR' : 'READY';
    case 'failed':
      return 'ERROR';
    case 'installed':
    case 'activating':
    case 'deactivating':
    case 'inactive':
      return 'DISABLED';
  }
}

/**
 * @returns the state that `step` leads to
 * @throws Refusal `transition_in_progress` where another step is under way, else `transition_not_allowed`
 */
export function stateAfter(
  state: InstallationState,
  step: LifecycleStep,
  plugin: PluginId,
): InstallationState | 'gone' {
  const next = TRANSITIONS[state][step];
  if (next) return next;
  const isUnderWay = state === 'activating' || state === 'deactivating';
  throw new Refusal(isUnderWay ? 'transition_in_progress' : 'transition_not_allowed', {
    detail: `${plugin} is ${state}; the step ${step} is not taken from there.`,
    extensions: { plugin, found: state, step },
  });
}
