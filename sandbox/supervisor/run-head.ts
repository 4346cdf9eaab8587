/** What the guest is told of a run. */
import { handlerInput, handlerPath } from '../../spec/handler.ts';
import { writeHandlerHead, writeRequestHead } from '../guest/run-head.ts';
import type { Invocation } from '../ports.ts';

/** @returns the head, and the body of the request where it is there as a whole */
export function describeRun({ trigger, caller }: Invocation): { head: string; body: Uint8Array | null } {
  switch (trigger.kind) {
    case 'endpoint': {
      const { request } = trigger;
      const { body } = request;
      return { head: writeRequestHead(caller, request), body: body instanceof Uint8Array ? body : null };
    }
    case 'lifecycle': {
      const { hook } = trigger;
      const work = hook === 'upgrade' ? { hook, fromVersion: trigger.fromVersion } : { hook };
      return { head: writeHandlerHead(caller, work), body: null };
    }
    case 'health':
      return { head: writeHandlerHead(caller, {}), body: null };
    case 'command':
    case 'contract':
    case 'event':
    case 'schedule': {
      const work = { handler: handlerPath(trigger), input: handlerInput(trigger) };
      return { head: writeHandlerHead(caller, work), body: null };
    }
  }
}
