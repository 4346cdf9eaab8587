/** `host.contracts`: its one call, and who answers it. */
import type { JsonValue } from '../json.ts';
import type { PluginId } from '../plugin-id.ts';
import type { Caller } from '../run.ts';
import type { Capability } from './capability.ts';
import {
  DISPATCH_MODES,
  type ContractAnswer,
  type ContractCall,
  type DispatchMode,
} from '../contracts/dispatch.ts';

/** The run on whose behalf a contract is called. */
export type ContractCallContext = {
  readonly guest: {
    readonly installationId: string;
    readonly org: { readonly id: string };
    readonly plugin: { readonly id: PluginId };
  };
  readonly caller: Caller;
  readonly requestId: string;
  readonly chain: readonly string[];
  readonly deadline: number;
  readonly signal: AbortSignal;
};

/**
 * `contracts.call(contract, action, input, { mode, plugin })` → the output; with the mode `all` → `{ results, failures }`.
 * It shares the deadline of the run, and goes on in its chain of calls.
 */
export function contractCapabilities(
  call: (call: ContractCall) => Promise<ContractAnswer>,
): Capability<ContractCallContext>[] {
  return [
    {
      name: 'contracts.call',
      parameters: ['contract', 'action', 'input'],
      requires: ({ contract }) => ({ name: 'contracts.call', scope: [String(contract)] }),
      argumentSchema: {
        type: 'object',
        required: ['contract', 'action', 'input'],
        additionalProperties: false,
        properties: {
          contract: { type: 'string', maxLength: 80 },
          action: { type: 'string', maxLength: 80 },
          input: {},
          mode: { enum: [...DISPATCH_MODES] },
          plugin: { type: 'string', maxLength: 120 },
        },
      },
      act: async ({ contract, action, input, mode, plugin }, context) => {
        const answer = await call({
          orgId: context.guest.org.id,
          contract: String(contract),
          action: String(action),
          input: input ?? null,
          mode: (mode as DispatchMode | undefined) ?? 'one',
          ...(plugin === undefined ? {} : { plugin: plugin as PluginId }),
          caller: { kind: 'plugin', id: context.guest.plugin.id, behind: context.caller },
          requestId: context.requestId,
          deadline: context.deadline,
          chain: [...context.chain, context.guest.installationId],
          signal: context.signal,
        });
        return answer.mode === 'all' ? resultsOf(answer) : answer.output;
      },
    },
  ];
}

function resultsOf({ results, failures }: ContractAnswer): JsonValue {
  return {
    results: results.map(({ plugin, output }) => ({ plugin, output })),
    failures: failures.map(({ plugin, code, message }) => ({ plugin, code, message })),
  };
}
