/**
 * The door through which services run plugin code: they know no sandbox, whoever has one hands this in.
 */
import type { HandlerTrigger } from './handler.ts';
import type { PluginId } from './plugin-id.ts';
import type { Caller, HandlerEnd, RunFile } from './run.ts';

export type HandlerRun = {
  readonly orgId: string;
  readonly plugin: PluginId;
  readonly trigger: HandlerTrigger;
  readonly caller: Caller;
  /** Correlates log lines; the request's own where one led here. */
  readonly requestId: string;
  /** Milliseconds of `performance.now()`; never later than the trigger's own limit. */
  readonly deadline?: number;
  /** Installations that led here, outermost first; refused when it would become a circle or too long. */
  readonly chain?: readonly string[];
  /** What `host.files` shows to this run. */
  readonly files?: readonly RunFile[];
  readonly signal?: AbortSignal;
};

export type HandlerRuns = {
  /**
   * Runs one named handler of a plugin that is installed and active in the organization. Who may ask for it is the
   * caller's to check; so is the shape of the input. Nothing is retried.
   *
   * @example await handlers.run({ orgId, plugin: 'kelompok/csv-import', caller: { kind: 'system' }, requestId,
   *   trigger: { kind: 'command', command: 'import-members', args: {}, job: { id } } })
   * @returns how the run ended; a failure of the plugin is an answer, not an exception
   * @throws Refusal `plugin_not_installed`, `plugin_not_active`, `handler_unknown`, `handler_input_too_large`,
   *   `plugin_chain_refused`: the run did not start
   */
  run(run: HandlerRun): Promise<HandlerEnd>;
};
