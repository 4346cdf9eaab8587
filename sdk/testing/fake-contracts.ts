/** Contracts that fakes of a test answer, with the dispatch and the schemas of a server. */
import { bindingOf, requireContract } from '../../spec/contracts/binding.ts';
import { dispatch, type ContractAnswer, type ContractCall } from '../../spec/contracts/dispatch.ts';
import type { HandlerRun } from '../../spec/handler-runs.ts';
import type { JsonValue } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { HandlerEnd } from '../../spec/run.ts';

/** By plugin, contract and action: `{ 'gims/discord': { 'communication@1': { createGroup: (input) => … } } }`. */
export type FakeContracts = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, (input: JsonValue) => unknown>>>>>
>;

const NO_USAGE = { cpuMs: 0, wallMs: 0, hostCalls: 0, cold: false } as const;

/** The first that is given is who answers `one`. */
export function fakeDispatch(fakes: FakeContracts): (call: ContractCall) => Promise<ContractAnswer> {
  const plugins = Object.entries(fakes);
  const read = async (_orgId: string, contract: string): Promise<ReturnType<typeof bindingOf>> => {
    requireContract(contract);
    const found = plugins.filter(([, contracts]) => Object.hasOwn(contracts, contract));
    const active = { active: 'yes', bound: 'no' } as const;
    return bindingOf(
      contract,
      found.map(([plugin]) => ({ plugin: plugin as PluginId, ...active })),
    );
  };
  return (call) => dispatch({ bindings: { read }, handlers: { run: (run) => answerOf(fakes, run) } }, call);
}

function answerOf(fakes: FakeContracts, { plugin, trigger }: HandlerRun): Promise<HandlerEnd> {
  const handler =
    trigger.kind === 'contract' ? fakes[plugin]?.[trigger.contract]?.[trigger.action] : undefined;
  const input = trigger.kind === 'contract' ? structuredClone(trigger.input) : null;
  return endOfWork(async () => {
    if (!handler) throw new Error('the fake does not have this action');
    const value: unknown = await handler(input);
    return JSON.parse(JSON.stringify(value ?? null)) as JsonValue;
  });
}

/**
 * @returns how the run of a handler ended, as the sandbox tells it: the name of what was thrown, and its message
 * @throws Refusal what it was refused for before it began
 */
export async function endOfWork(work: () => Promise<JsonValue>): Promise<HandlerEnd> {
  try {
    return { outcome: 'ok', value: await work(), usage: NO_USAGE };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const message = String(error);
    const { code } = Object(error) as { code?: unknown };
    const guestError = { message, stack: '', ...(typeof code === 'string' ? { code } : {}) };
    return { outcome: 'exception', reason: message, guestError, usage: NO_USAGE };
  }
}
