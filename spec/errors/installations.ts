import type { ErrorCodeEntry } from './entry.ts';

/** Codes of plans, consent, the lifecycle and the configuration of installations. */
export const INSTALLATION_ERRORS = {
  plugin_not_installed: {
    status: 404,
    kind: 'state',
    title: 'The plugin is not installed in this organization.',
    hint: 'Install it first: make a plan, look at it, apply it.',
  },
  plugin_already_installed: {
    status: 409,
    kind: 'state',
    title: 'The plugin is already installed in this organization.',
    hint: 'Ask for an upgrade where another version is wanted.',
  },
  plan_not_found: {
    status: 404,
    kind: 'state',
    title: 'There is no such plan in this organization.',
    hint: 'Make a plan first; a plan is kept for an hour.',
  },
  plan_outdated: {
    status: 409,
    kind: 'state',
    title: 'The plan no longer fits what it was computed from.',
    hint: 'Make a new plan, look at it, and apply that one. Nothing was changed.',
  },
  plan_request_invalid: {
    status: 422,
    kind: 'input',
    title: 'A plan cannot be made from this request.',
    hint: 'Use a plugin id such as kelompok/csv-import, and a semver range or an exact version.',
  },
  consent_missing: {
    status: 422,
    kind: 'policy',
    title: 'The consent does not grant every permission that the plan asks for.',
    hint: 'Grant each permission listed, whole or limited to a part of its scope, or do not apply the plan.',
  },
  consent_excessive: {
    status: 422,
    kind: 'policy',
    title: 'The consent grants what the plan does not ask for.',
    hint: 'Grant only what the plan lists; a grant may be narrower, never wider.',
  },
  grant_not_held: {
    status: 422,
    kind: 'policy',
    title: 'Grants of an installation can only be narrowed.',
    hint: 'Send the grants that remain; what was not granted with a plan needs a plan.',
  },
  transition_not_allowed: {
    status: 409,
    kind: 'state',
    title: 'An installation in this state does not take this step.',
    hint: 'Look at the state of the installation, which "found" names.',
  },
  transition_in_progress: {
    status: 409,
    kind: 'state',
    title: 'A step of this installation is still under way.',
    hint: 'Try again shortly; a step that its server did not finish is taken up by the next one.',
  },
  dependency_not_active: {
    status: 409,
    kind: 'state',
    title: 'The plugin needs others that are not active.',
    hint: 'Activate the plugins listed first, or ask for the cascade, which activates them in order.',
  },
  installation_needed: {
    status: 409,
    kind: 'state',
    title: 'Other plugins of the organization need this one.',
    hint: 'Take the plugins listed first, or ask for the cascade, which takes them in order.',
  },
  activation_failed: {
    status: 422,
    kind: 'state',
    title: 'The plugin could not be activated.',
    hint: 'The reason is kept with the installation; whatever was activated on the way has been undone.',
  },
  config_invalid: {
    status: 422,
    kind: 'input',
    title: 'The configuration does not fit the schema of the plugin.',
    hint: 'Mend each violation listed.',
  },
  version_not_kept: {
    status: 409,
    kind: 'state',
    title: 'There is no earlier version to go back to.',
    hint: 'Look at the versions kept with the installation.',
  },
  built_in_not_removable: {
    status: 409,
    kind: 'policy',
    title: 'A built-in plugin cannot be uninstalled.',
    hint: 'Deactivate it instead.',
  },
  event_streams_too_many: {
    status: 429,
    kind: 'limit',
    title: 'Too many streams of events are open.',
    hint: 'Close some, or wait: every stream ends after a few minutes.',
  },
  action_unknown: {
    status: 404,
    kind: 'state',
    title: 'The plugin defines no such action.',
    hint: 'Use a name that the list of its actions has.',
  },
  safe_mode_on: {
    status: 503,
    kind: 'state',
    title: 'The instance is in safe mode: no plugin runs.',
    hint: 'Wait until an administrator of the instance ends it.',
  },
  safe_mode_reason_invalid: {
    status: 422,
    kind: 'input',
    title: 'Safe mode needs a reason that can be shown.',
    hint: 'Give a reason of 1 to 500 characters.',
  },
  upgrade_not_pending: {
    status: 404,
    kind: 'state',
    title: 'No upgrade of this plugin waits for consent.',
    hint: 'Ask for an upgrade; it waits only where it asks for more than the version in place.',
  },
  plugin_request_invalid: {
    status: 422,
    kind: 'input',
    title: 'This is no request for a plugin.',
    hint: 'Name a plugin id such as kelompok/csv-import, and a reason of at most 1,000 characters.',
  },
  plugin_request_not_found: {
    status: 404,
    kind: 'state',
    title: 'There is no such open request in this organization.',
    hint: 'List the requests; one that was decided stays decided.',
  },
  plugin_requests_too_many: {
    status: 429,
    kind: 'limit',
    title: 'Too many requests for plugins are open.',
    hint: 'Wait until an administrator has decided some of them.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
