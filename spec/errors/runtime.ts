import type { ErrorCodeEntry } from './entry.ts';

/** Codes of the gateway in front of running plugins; outcomes themselves are in `outcome.ts`. */
export const RUNTIME_ERRORS = {
  plugin_run_failed: {
    status: 502,
    kind: 'state',
    title: 'The plugin did not answer.',
    hint: 'The member "outcome" tells how the run ended; an administrator finds more in the log of the plugin.',
  },
  plugin_not_active: {
    status: 503,
    kind: 'state',
    title: 'The plugin is not active in this organization.',
    hint: 'An administrator of the organization can activate it.',
  },
  endpoint_not_found: {
    status: 404,
    kind: 'state',
    title: 'The plugin has no such endpoint.',
    hint: 'Use an endpoint that the manifest of the plugin declares.',
  },
  handler_unknown: {
    status: 404,
    kind: 'state',
    title: 'The plugin declares no such handler.',
    hint: 'Use a command, contract, event or schedule that the manifest of the installed version declares.',
  },
  handler_input_too_large: {
    status: 413,
    kind: 'limit',
    title: 'The input is larger than a plugin may be given.',
    hint: 'Send at most 1 MiB of JSON; hand over more than that as a file.',
  },
  dependency_undeclared: {
    status: 403,
    kind: 'policy',
    title: 'A plugin calls only plugins that its manifest declares as dependencies.',
    hint: 'Add the plugin to dependencies or optionalDependencies of the manifest.',
  },
  plugin_chain_refused: {
    status: 508,
    kind: 'limit',
    title: 'Plugins called each other in a circle, or too many in a row.',
    hint: 'Break the circle: a plugin may not be called again while it waits for an answer.',
  },
  plugin_load_failed: {
    status: 422,
    kind: 'input',
    title: 'The code of the plugin could not be loaded.',
    hint: 'Run souk check on the package; its entry module must evaluate without an error and export default.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
