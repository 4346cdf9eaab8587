/**
 * Calls of contracts. What goes in and what comes out is held against the schemas of the contract, by the engine for
 * strangers' schemas and values; a plugin that fails, or answers something else, fails alone.
 */
import type { JsonValue } from '../json.ts';
import { RUN_LIMITS } from '../limits.ts';
import type { FailedOutcome } from '../outcome.ts';
import type { PluginId } from '../plugin-id.ts';
import { Refusal, type Violation } from '../refusal.ts';
import type { Caller, HandlerEnd, RunFile } from '../run.ts';
import type { HandlerRuns } from '../handler-runs.ts';
import { notImplemented, requireContract, type BindingView } from './binding.ts';
import { requireAction, type CompiledAction } from './compiled-action.ts';

/**
 * - `one`: the plugin that is named, else the one that is bound or came first.
 * - `all`: every active implementation at the same time.
 * - `first`: one after the other, beginning with the one that answers `one`, until one succeeds.
 * - `pipeline`: one after the other, each given what the one before it answered.
 */
export const DISPATCH_MODES = ['one', 'all', 'first', 'pipeline'] as const;
export type DispatchMode = (typeof DISPATCH_MODES)[number];

export type ContractCall = {
  readonly orgId: string;
  readonly contract: string;
  readonly action: string;
  readonly input: JsonValue;
  readonly mode: DispatchMode;
  /** For `one`: who is to answer, whatever is bound. */
  readonly plugin?: PluginId;
  readonly caller: Caller;
  readonly requestId: string;
  /** Milliseconds of `performance.now()` for all of it; never later than the limit of a contract, or of a job. */
  readonly deadline?: number;
  /** Installations that wait for this call, outermost first. */
  readonly chain?: readonly string[];
  readonly files?: readonly RunFile[];
  /** The job as which it runs, with a job's limits. */
  readonly job?: { readonly id: string };
  readonly signal?: AbortSignal;
};

/** Why one implementation has no result; `code` is the contract's own where the plugin threw one of those. */
export type ContractFailure = {
  readonly plugin: PluginId;
  readonly code: string;
  readonly message: string;
  readonly violations?: readonly Violation[];
};

export type ContractResult = { readonly plugin: PluginId; readonly output: JsonValue };

export type ContractAnswer = {
  readonly contract: string;
  readonly action: string;
  readonly mode: DispatchMode;
  /** What the call answers, but for `all`: of the one, the first, or the last of the pipeline. */
  readonly output: JsonValue;
  /** Who had a result, in the order of the calls. */
  readonly results: readonly ContractResult[];
  readonly failures: readonly ContractFailure[];
};

export type ContractPorts = {
  readonly bindings: { read(orgId: string, contract: string): Promise<BindingView> };
  readonly handlers: HandlerRuns;
};

/**
 * @throws Refusal `contract_unknown`, `contract_input_invalid`, `contract_unbound`, `contract_not_implemented`; and,
 *   where nobody had a result, `contract_failed` or `contract_output_invalid`. `all` answers failures with the rest.
 *   Whose turn comes after the deadline is not run, and fails as one whose run has exceeded it.
 */
export async function dispatch(ports: ContractPorts, asked: ContractCall): Promise<ContractAnswer> {
  const call = withDeadline(asked);
  const action = requireAction(requireContract(call.contract), call.action);
  requireInput(action, call.input);
  const binding = await ports.bindings.read(call.orgId, call.contract);
  const plugins = requireImplementations(call, binding);
  const run = (plugin: PluginId, input: JsonValue): Promise<Attempt> =>
    attempt(ports.handlers, { ...call, input }, action, plugin);
  const { contract, mode } = call;
  const answerOf = (attempts: readonly Attempt[], output: JsonValue): ContractAnswer => ({
    contract,
    action: call.action,
    mode,
    output,
    results: attempts.flatMap((each) => (each.kind === 'result' ? [each.result] : [])),
    failures: attempts.flatMap((each) => (each.kind === 'failure' ? [each.failure] : [])),
  });
  switch (mode) {
    case 'all':
      return answerOf(await Promise.all(plugins.map((plugin) => run(plugin, call.input))), null);
    case 'one':
    case 'first': {
      const attempts = await untilResult(plugins, (plugin) => run(plugin, call.input));
      return answerOf(attempts, requireResult(action, attempts).output);
    }
    case 'pipeline': {
      const attempts = await throughAll(plugins, call.input, run);
      return answerOf(attempts, requireResult(action, attempts).output);
    }
  }
}

type TimedCall = ContractCall & { readonly deadline: number };

/** One deadline for all that are asked, so that nobody waits longer where several are asked one after the other. */
function withDeadline(call: ContractCall): TimedCall {
  const { wallTimeMsMax } = RUN_LIMITS[call.job ? 'job' : 'contract'];
  return { ...call, deadline: Math.min(call.deadline ?? Infinity, performance.now() + wallTimeMsMax) };
}

type Attempt =
  | { readonly kind: 'result'; readonly result: ContractResult }
  | { readonly kind: 'failure'; readonly failure: ContractFailure };

function requireInput(action: CompiledAction, input: JsonValue): void {
  const violations = action.checkInput(input);
  const [first] = violations;
  if (!first) return;
  throw new Refusal('contract_input_invalid', {
    detail: `${action.contract} ${action.name}: the input at ${first.pointer || '/'} ${first.message}.`,
    violations,
  });
}

/** Who is called, in this order. A plugin that is bound and not active is missed, not replaced. */
function requireImplementations(call: ContractCall, binding: BindingView): PluginId[] {
  const { contract, mode, plugin } = call;
  const { implementations } = binding;
  const active = implementations.filter((each) => each.active === 'yes').map((each) => each.plugin);
  if (mode !== 'one' && plugin !== undefined) {
    throw new Refusal('contract_input_invalid', {
      detail: `A plugin was named with the mode ${mode}; only the mode one is for one plugin.`,
    });
  }
  if (mode !== 'one') {
    if (active.length > 0) return active;
    throw unbound(contract, null);
  }
  const named = plugin ?? binding.plugin;
  if (plugin !== undefined && !implementations.some((each) => each.plugin === plugin))
    throw notImplemented(contract, plugin);
  if (named === null || !active.includes(named)) throw unbound(contract, named);
  return [named];
}

function unbound(contract: string, plugin: PluginId | null): Refusal {
  const detail =
    plugin === null
      ? `No active plugin implements ${contract} here.`
      : `${contract} is for ${plugin} to answer, which is not active.`;
  return new Refusal('contract_unbound', { detail });
}

async function untilResult(
  plugins: readonly PluginId[],
  run: (plugin: PluginId) => Promise<Attempt>,
): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const plugin of plugins) {
    const attempted = await run(plugin);
    attempts.push(attempted);
    if (attempted.kind === 'result') break;
  }
  return attempts;
}

/** Who fails is passed over: the next gets what the last one with a result answered. */
async function throughAll(
  plugins: readonly PluginId[],
  input: JsonValue,
  run: (plugin: PluginId, input: JsonValue) => Promise<Attempt>,
): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  let current = input;
  for (const plugin of plugins) {
    const attempted = await run(plugin, current);
    attempts.push(attempted);
    if (attempted.kind === 'result') current = attempted.result.output;
  }
  return attempts;
}

function requireResult(action: CompiledAction, attempts: readonly Attempt[]): ContractResult {
  const result = attempts.findLast((each) => each.kind === 'result')?.result;
  if (result) return result;
  const failures = attempts.flatMap((each) => (each.kind === 'failure' ? [each.failure] : []));
  const [first] = failures;
  const code = first?.code === 'contract_output_invalid' ? 'contract_output_invalid' : 'contract_failed';
  throw new Refusal(code, {
    detail: `${action.contract} ${action.name}: ${failures.map(({ plugin, message }) => `${plugin}: ${message}`).join(' ')}`,
    ...(first?.violations ? { violations: first.violations } : {}),
    extensions: {
      contractError: first?.code ?? null,
      failures: failures.map(({ plugin, code: each, message }) => ({ plugin, code: each, message })),
    },
  });
}

/** Never throws for what is one implementation's own: a fault of ours is not. */
async function attempt(
  handlers: HandlerRuns,
  call: TimedCall,
  action: CompiledAction,
  plugin: PluginId,
): Promise<Attempt> {
  if (performance.now() >= call.deadline) return failed(plugin, unanswered('exceededWallTime'));
  const violations = action.checkInput(call.input);
  if (violations.length > 0) {
    const message = 'what the plugin before it answered is no input of this action.';
    return failed(plugin, { code: 'contract_input_invalid', message, violations });
  }
  try {
    return judge(action, plugin, await runHandler(handlers, call, plugin));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failed(plugin, { code: error.code, message: error.message });
  }
}

function runHandler(handlers: HandlerRuns, call: TimedCall, plugin: PluginId): Promise<HandlerEnd> {
  const { contract, action, input, job, orgId, caller, requestId, deadline, chain, files, signal } = call;
  const trigger = { kind: 'contract', contract, action, input, ...(job ? { job } : {}) } as const;
  return handlers.run({
    orgId,
    plugin,
    trigger,
    caller,
    requestId,
    deadline,
    ...(chain ? { chain } : {}),
    ...(files ? { files } : {}),
    ...(signal ? { signal } : {}),
  });
}

function judge(action: CompiledAction, plugin: PluginId, end: HandlerEnd): Attempt {
  if (end.outcome !== 'ok') return failed(plugin, failureOf(action, end));
  const violations = action.checkOutput(end.value);
  const [first] = violations;
  if (!first) return { kind: 'result', result: { plugin, output: end.value } };
  const message = `the answer at ${first.pointer || '/'} ${first.message}.`;
  return failed(plugin, { code: 'contract_output_invalid', message, violations });
}

/** An error of the contract is for the caller to read; any other is the plugin's own affair, and in its log. */
function failureOf(
  { errors }: CompiledAction,
  { outcome, guestError }: Extract<HandlerEnd, { reason: string }>,
): Omit<ContractFailure, 'plugin'> {
  const code = guestError?.code;
  if (code === undefined || !Object.hasOwn(errors, code)) return unanswered(outcome);
  return { code, message: guestError?.message ?? String(errors[code]) };
}

function unanswered(outcome: FailedOutcome): Omit<ContractFailure, 'plugin'> {
  return { code: 'contract_failed', message: `it did not answer (${outcome}).` };
}

function failed(plugin: PluginId, failure: Omit<ContractFailure, 'plugin'>): Attempt {
  return { kind: 'failure', failure: { plugin, ...failure } };
}
