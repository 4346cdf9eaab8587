/** The lifecycle's view of the sandbox: hooks and health, each as done or failed with a reason for administrators. */
import type { InstalledGuest, RuntimePort, RuntimeVerdict } from '../../registry/installations/index.ts';
import type { Completion, Sandbox, Trigger } from '../../sandbox/index.ts';
import type { JsonValue } from '../../spec/json.ts';
import type { Redact } from './observer.ts';

/**
 * @param sandbox is asked for when it is needed: the sandbox is opened after the installations
 * @param redact takes secrets out of reasons, which are kept and shown
 */
export function createRuntimePort(
  sandbox: () => Sandbox,
  newRequestId: () => string,
  redact: Redact,
): RuntimePort {
  const port = openPort(sandbox, newRequestId);
  const hide = async (guest: InstalledGuest, verdict: Promise<RuntimeVerdict>): Promise<RuntimeVerdict> => {
    const ended = await verdict;
    if (ended.kind === 'done') return ended;
    return { kind: 'failed', reason: redact(guest.installationId, ended.reason) };
  };
  return {
    activate: (guest, upgradeFrom) => hide(guest, port.activate(guest, upgradeFrom)),
    deactivate: (guest) => hide(guest, port.deactivate(guest)),
    health: (guest) => hide(guest, port.health(guest)),
  };
}

function openPort(sandbox: () => Sandbox, newRequestId: () => string): RuntimePort {
  const run = (guest: InstalledGuest, trigger: Trigger): Promise<Completion> =>
    sandbox().call({ guest, trigger, caller: { kind: 'system' }, requestId: newRequestId() });
  return {
    activate: async (guest, upgradeFrom) => {
      if (upgradeFrom !== null) {
        const upgraded = verdictOf(
          await run(guest, { kind: 'lifecycle', hook: 'upgrade', fromVersion: upgradeFrom }),
        );
        if (upgraded.kind === 'failed') return upgraded;
      }
      return verdictOf(await run(guest, { kind: 'lifecycle', hook: 'activate' }));
    },
    deactivate: async (guest) => {
      const verdict = verdictOf(await run(guest, { kind: 'lifecycle', hook: 'deactivate' }));
      sandbox().unload(guest.installationId);
      return verdict;
    },
    health: async (guest) => healthOf(await run(guest, { kind: 'health' })),
  };
}

function verdictOf(completion: Completion): RuntimeVerdict {
  if (completion.outcome === 'ok') return { kind: 'done' };
  const what = completion.guestError?.message ?? completion.reason;
  return { kind: 'failed', reason: `${completion.outcome}: ${what}` };
}

/** A plugin is unwell when its health test fails, or answers an object whose `ok` is false. */
function healthOf(completion: Completion): RuntimeVerdict {
  if (completion.outcome !== 'ok') return verdictOf(completion);
  const { value } = completion;
  return isUnwell(value)
    ? { kind: 'failed', reason: `The plugin says: ${JSON.stringify(value).slice(0, 500)}` }
    : { kind: 'done' };
}

function isUnwell(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && value['ok'] === false;
}
