/** Runs named handlers of installed plugins: for commands, contracts, events, schedules and jobs. */
import type { GuestDescription, Installations } from '../../registry/installations/index.ts';
import { requireNoCircle, type Completion, type Sandbox } from '../../sandbox/index.ts';
import type { HandlerRun, HandlerRuns } from '../../services/index.ts';
import { requireDeclaredHandler, requireFittingInput } from '../../spec/handler-checks.ts';
import { pluginNotActive } from '../../spec/not-active.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { GuestError, HandlerEnd } from '../../spec/run.ts';
import type { Redact } from './observer.ts';

type Ports = {
  readonly installations: Pick<Installations, 'describeGuestOf'>;
  /** Asked for when it is needed: the sandbox is opened after the installations. */
  readonly sandbox: () => Sandbox;
  /** Takes secrets out of what a run ended with: it is shown to members, kept with jobs and events, told to other plugins. */
  readonly redact: Redact;
};

/** See `HandlerRuns` for its use. */
export function createHandlerRuns({ installations, sandbox, redact }: Ports): HandlerRuns {
  return {
    run: async (run) => {
      const { guest } = await findActive(installations, run);
      requireDeclaredHandler(guest.plugin, guest.handlers, run.trigger);
      requireFittingInput(run.trigger);
      if (run.chain) requireNoCircle(run.chain, guest);
      const { orgId: _orgId, plugin: _plugin, ...invocation } = run;
      const completion = await sandbox().call({ ...invocation, guest });
      return endOf(completion, (text) => redact(guest.installationId, text));
    },
  };
}

async function findActive(
  installations: Ports['installations'],
  { orgId, plugin }: HandlerRun,
): Promise<GuestDescription> {
  const found = await installations.describeGuestOf(orgId, plugin);
  if (!found) throw new Refusal('plugin_not_installed', { detail: `${plugin} is not installed here.` });
  if (found.active === 'yes') return found;
  throw pluginNotActive(plugin, found.standstill);
}

function endOf(completion: Completion, hide: (text: string) => string): HandlerEnd {
  if (completion.outcome === 'ok') return { outcome: 'ok', value: completion.value, usage: completion.usage };
  const { guestError, reason } = completion;
  return {
    ...completion,
    reason: hide(reason),
    ...(guestError ? { guestError: hidden(guestError, hide) } : {}),
  };
}

function hidden({ message, stack, code }: GuestError, hide: (text: string) => string): GuestError {
  return { message: hide(message), stack: hide(stack), ...(code === undefined ? {} : { code: hide(code) }) };
}
