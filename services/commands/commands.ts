/** Running commands of plugins: at once, or as a job where they take long. */
import { appendAudit, type AuditActor, type Database } from '../../database/index.ts';
import { compileGuestSchema } from '../../spec/guest-validator.ts';
import { requireFittingArguments } from '../../spec/handler-checks.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Caller, HandlerEnd, RunFile } from '../../spec/run.ts';
import type { HandlerRuns } from '../../spec/handler-runs.ts';
import type { Jobs } from '../jobs/index.ts';
import { openCommandCatalogue, type CommandCatalogue, type OfferedCommand } from './catalogue.ts';

export type CommandCall = {
  readonly orgId: string;
  readonly offered: OfferedCommand;
  readonly args: JsonObject;
  readonly files: readonly RunFile[];
  readonly caller: Caller;
  readonly actor: AuditActor;
  readonly requestId: string;
  readonly signal?: AbortSignal;
};

export type Commands = {
  readonly catalogue: CommandCatalogue;
  /**
   * Runs a command and waits for it.
   * @throws Refusal `command_arguments_invalid`, `command_failed`, and those of `HandlerRuns`
   */
  run(call: CommandCall): Promise<CommandAnswer>;
  /**
   * Wants it as a job.
   * @returns the id of the job
   * @throws Refusal `command_arguments_invalid`, and those of `Jobs.enqueue`
   */
  runInBackground(call: CommandCall): Promise<string>;
};

export type CommandAnswer = {
  readonly plugin: PluginId;
  readonly command: string;
  readonly result: JsonValue;
};

export type CommandPorts = {
  readonly database: Database;
  readonly handlers: HandlerRuns;
  readonly jobs: Jobs;
};

export function openCommands(ports: CommandPorts): Commands {
  return {
    catalogue: openCommandCatalogue(ports.database),
    run: (call) => run(ports, call),
    runInBackground: (call) => runInBackground(ports, call),
  };
}

async function run({ database, handlers }: CommandPorts, call: CommandCall): Promise<CommandAnswer> {
  requireArguments(call);
  const { orgId, args, files, caller, requestId, signal } = call;
  const { plugin, command } = call.offered;
  const trigger = { kind: 'command', command: command.name, args } as const;
  const end = await handlers.run({
    orgId,
    plugin,
    trigger,
    caller,
    requestId,
    files,
    ...(signal ? { signal } : {}),
  });
  await database.transaction({ kind: 'org', orgId }, (tx) =>
    appendAudit(tx, {
      scope: tx.scope,
      actor: call.actor,
      action: 'command.run',
      subject: `plugin:${plugin}`,
      detail: { command: command.name, outcome: end.outcome, files: files.map(({ sha256 }) => sha256) },
    }),
  );
  return { plugin, command: command.name, result: resultOf(call.offered, end) };
}

async function runInBackground({ database, jobs }: CommandPorts, call: CommandCall): Promise<string> {
  requireArguments(call);
  const { orgId, args, files, caller } = call;
  const { plugin, command } = call.offered;
  const work = { kind: 'command', plugin, command: command.name, args, files } as const;
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const job = await jobs.enqueue(tx, orgId, { work, caller });
    await appendAudit(tx, {
      scope: tx.scope,
      actor: call.actor,
      action: 'command.enqueued',
      subject: `plugin:${plugin}`,
      detail: { command: command.name, job, files: files.map(({ sha256 }) => sha256) },
    });
    return job;
  });
}

const MESSAGE_CHARS_MAX = 500;

/** Who runs a command is a member, and reads why it failed; a stranger learns how it ended. */
function resultOf({ plugin, command }: OfferedCommand, end: HandlerEnd): JsonValue {
  if (end.outcome === 'ok') return end.value;
  const { outcome, guestError } = end;
  const retryAfterSeconds =
    end.retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.ceil(end.retryAfterMs / 1_000) };
  const isPublic = command.access === 'public';
  const said = guestError && !isPublic ? ` (${guestError.message.slice(0, MESSAGE_CHARS_MAX)})` : '';
  throw new Refusal('command_failed', {
    detail: `${plugin} ${command.name} ended with ${outcome}${said}.`,
    extensions: {
      outcome,
      pluginError: (isPublic ? undefined : guestError?.code) ?? null,
      ...retryAfterSeconds,
    },
  });
}

function requireArguments({ offered: { plugin, command }, args }: CommandCall): void {
  requireFittingArguments(
    { plugin, command: command.name },
    args,
    compileGuestSchema(command.arguments ?? {}),
  );
}
