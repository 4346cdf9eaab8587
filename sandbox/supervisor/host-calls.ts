/** The host calls of a runner's guests: each goes to the broker with what the supervisor itself knows of its run. */
import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Broker, BrokerAnswer } from '../broker/broker.ts';
import type { GrantsOf, HostCallContext } from '../ports.ts';
import type { Frame, FrameParts } from '../protocol/frame.ts';
import { TO_RUNNER } from '../protocol/kinds.ts';
import type { Run } from './run.ts';
import type { RunsInFlight } from './runs-in-flight.ts';

export type HostCallParts = {
  readonly broker: Broker;
  /** Where absent, a run keeps the grants with which it began. */
  readonly grantsOf: GrantsOf | undefined;
  readonly runs: RunsInFlight;
  readonly send: (parts: FrameParts) => void;
};

export class HostCalls {
  readonly #parts: HostCallParts;

  constructor(parts: HostCallParts) {
    this.#parts = parts;
  }

  /** @throws Fault when the frame is not one that our runner would send */
  receive(frame: Frame): void {
    const { runs, send } = this.#parts;
    const run = runs.find(frame, 'a host call of')?.run;
    if (!run) return;
    // The runner enforces the quota first; more than it allows means that the runner is no longer ours.
    if (++run.hostCalls > run.limits.hostCallsMax) throw new Fault('more host calls than a run may make');
    void this.#callBroker(frame, run).then((answer) => {
      if (!runs.has(run.id)) return;
      const body = Buffer.from(answer.text, 'utf8');
      const code = answer.failed ? 1 : 0;
      send({ kind: TO_RUNNER.result, run: run.id, ref: frame.ref, code, body });
    });
  }

  /** A run that lasts does not keep the grants with which it began. */
  async #callBroker(frame: Frame, run: Run): Promise<BrokerAnswer> {
    const { broker, grantsOf } = this.#parts;
    const context = contextOf(run);
    const argumentsText = frame.body.toString('utf8');
    if (!grantsOf || performance.now() - run.startedMs <= RUNNER_LIMITS.grantsKeptMsMax || isOwnStep(run))
      return broker.call(frame.head, argumentsText, context);
    // Who cannot be asked has granted nothing.
    const grants = await grantsOf(context.guest).catch(() => []);
    return broker.call(frame.head, argumentsText, { ...context, guest: { ...context.guest, grants } });
  }
}

function contextOf(run: Run): HostCallContext {
  const { guest, caller, requestId, chain, trigger, files } = run.invocation;
  run.abort ??= new AbortController();
  return {
    guest,
    caller,
    requestId,
    chain: chain ?? [],
    trigger,
    files: files ?? [],
    deadline: run.deadline,
    signal: run.abort.signal,
  };
}

/** Hooks run while the installation is not active yet, or not any more. */
const isOwnStep = ({ invocation: { trigger } }: Run): boolean =>
  trigger.kind === 'lifecycle' || trigger.kind === 'health';
