import type { ErrorCodeEntry } from './entry.ts';

/** Codes of contracts and commands: what plugins offer to be called by name. */
export const CONTRACT_ERRORS = {
  contract_unknown: {
    status: 404,
    kind: 'state',
    title: 'Souk knows no such contract, or the contract has no such action.',
    hint: 'GET /api/v1/contracts lists contracts with their actions.',
  },
  contract_input_invalid: {
    status: 422,
    kind: 'input',
    title: 'The input is not what the contract says.',
    hint: 'GET /api/v1/contracts has the schema of each action.',
  },
  contract_output_invalid: {
    status: 502,
    kind: 'state',
    title: 'The plugin answered something else than the contract says.',
    hint: 'Tell the author of the plugin; the members "violations" name what is wrong.',
  },
  contract_unbound: {
    status: 404,
    kind: 'state',
    title: 'No active plugin of this organization answers the contract.',
    hint: 'Install and activate a plugin that implements it, or bind the contract to one that is active.',
  },
  contract_not_implemented: {
    status: 422,
    kind: 'input',
    title: 'The plugin does not implement this contract here.',
    hint: 'Bind the contract to an installed plugin whose manifest declares it.',
  },
  contract_failed: {
    status: 502,
    kind: 'state',
    title: 'The plugin that answers the contract failed.',
    hint: 'The member "contractError" has the error as the contract names it, where it does.',
  },
  command_unknown: {
    status: 404,
    kind: 'state',
    title: 'There is no such command.',
    hint: 'List the commands of the organization: GET /api/v1/orgs/{org}/commands.',
  },
  command_ambiguous: {
    status: 409,
    kind: 'state',
    title: 'Several plugins of this organization have a command of this name.',
    hint: 'Name the plugin: POST /api/v1/orgs/{org}/plugins/{publisher}/{name}/commands/{command}.',
  },
  command_arguments_invalid: {
    status: 422,
    kind: 'input',
    title: 'The command does not take these arguments.',
    hint: 'The manifest of the plugin has the schema: GET /api/v1/orgs/{org}/commands.',
  },
  command_failed: {
    status: 502,
    kind: 'state',
    title: 'The command failed.',
    hint: 'The member "outcome" tells how the run ended; an administrator finds more in the log of the plugin.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
