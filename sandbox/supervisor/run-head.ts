/** What the guest is told of a run. */
import { handlerInput, handlerPath } from '../../spec/handler.ts';
import type { RunHead } from '../guest/bridge.ts';
import type { Invocation } from '../ports.ts';

/** @returns the head as JSON, and the body of the request where it is there as a whole */
export function describeRun(invocation: Invocation): { head: string; body: Uint8Array | null } {
  const { trigger, requestId, caller } = invocation;
  const base = { requestId, caller };
  switch (trigger.kind) {
    case 'endpoint': {
      const { method, url, headers, body } = trigger.request;
      const head = JSON.stringify({ ...base, request: { method, url, headers } } satisfies RunHead);
      return { head, body: body instanceof Uint8Array ? body : null };
    }
    case 'lifecycle': {
      const { hook } = trigger;
      const head =
        hook === 'upgrade' ? { ...base, hook, fromVersion: trigger.fromVersion } : { ...base, hook };
      return { head: JSON.stringify(head satisfies RunHead), body: null };
    }
    case 'health':
      return { head: JSON.stringify(base satisfies RunHead), body: null };
    case 'command':
    case 'contract':
    case 'event':
    case 'schedule': {
      const head = { ...base, handler: handlerPath(trigger), input: handlerInput(trigger) };
      return { head: JSON.stringify(head satisfies RunHead), body: null };
    }
  }
}
