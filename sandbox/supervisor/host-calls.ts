/** The host calls of a runner's guests: each goes to the broker with what the supervisor itself knows of its run. */
import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { pluginNotActive } from '../../spec/not-active.ts';
import { Fault, type Refusal } from '../../spec/refusal.ts';
import type { Broker, BrokerAnswer } from '../broker/broker.ts';
import type { ErrorData } from '../guest/bridge.ts';
import type { GrantsOf } from '../ports.ts';
import type { Frame, FrameParts } from '../protocol/frame.ts';
import { PIECE_CODES, TO_RUNNER } from '../protocol/kinds.ts';
import { HostCall } from './host-call.ts';
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
    // The runner enforces both quotas first; more than they allow means that the runner is no longer ours.
    if (++run.hostCalls > run.limits.hostCallsMax) throw new Fault('more host calls than a run may make');
    if (++run.hostCallsPending > run.limits.hostCallsPendingMax)
      throw new Fault('more host calls than a run may wait for');
    const call = new HostCall(run, frame.ref);
    void this.#callBroker(frame, run, call).then((answer) => {
      const hasBody = call.settle(answer);
      run.hostCallsPending -= 1;
      if (!runs.has(run.id)) return;
      const body = Buffer.from(answer.text, 'utf8');
      const code = answer.failed ? 1 : 0;
      send({ kind: TO_RUNNER.result, run: run.id, ref: frame.ref, code, amount: hasBody ? 1 : 0, body });
    });
  }

  /**
   * The guest wants the next piece of the body that came with an answer.
   * @throws Fault when the frame is not one that our runner would send
   */
  receivePull(frame: Frame): void {
    const { runs, send } = this.#parts;
    const run = runs.find(frame, 'a wish for a piece of')?.run;
    if (!run) return;
    const call = run.hostCallsOpen?.get(frame.ref);
    const reading = call?.read();
    if (!reading) throw new Fault('a piece of an answer was asked for that cannot be had now');
    void reading.then((piece) => {
      if (run.hostCallsOpen?.get(frame.ref) !== call || !runs.has(run.id)) return;
      const parts = { kind: TO_RUNNER.piece, run: run.id, ref: frame.ref };
      if (piece instanceof Uint8Array) return send({ ...parts, body: piece });
      run.hostCallsOpen?.delete(frame.ref);
      if (piece === 'ended') return send({ ...parts, code: ENDED });
      send({ ...parts, code: BROKEN, body: whyBroken(piece) });
    });
  }

  /**
   * The guest wants no answer any more, or no more of its body; one that has ended meanwhile is not there any more.
   * @throws Fault when the frame is not one that our runner would send
   */
  receiveDrop(frame: Frame): void {
    const run = this.#parts.runs.find(frame, 'the end of a host call of')?.run;
    if (!run) return;
    // A call is dropped while it waits, and its body once more where that came all the same.
    if (++run.hostCallsDropped > run.hostCalls * 2)
      throw new Fault('more ends of host calls than there were');
    run.hostCallsOpen?.get(frame.ref)?.abort();
    run.hostCallsOpen?.delete(frame.ref);
  }

  /** A run that lasts does not keep the grants with which it began. */
  async #callBroker(frame: Frame, run: Run, call: HostCall): Promise<BrokerAnswer> {
    const { broker, grantsOf } = this.#parts;
    const argumentsText = frame.body.toString('utf8');
    if (!grantsOf || performance.now() - run.startedMs <= RUNNER_LIMITS.grantsKeptMsMax || isOwnStep(run))
      return broker.call(frame.head, argumentsText, call);
    // Who cannot be asked has granted nothing.
    const grants = await grantsOf(call.guest).catch(() => []);
    // Nobody has taken a grant back: the run is about to be ended with its plugin.
    if (grants === 'notActive') return { failed: true, text: notActive(call.guest.plugin.id) };
    call.guest = { ...call.guest, grants };
    return broker.call(frame.head, argumentsText, call);
  }
}

const ENDED = PIECE_CODES.indexOf('ended');
const BROKEN = PIECE_CODES.indexOf('broken');

/** The error that the guest's reader gets. */
function whyBroken({ code, message }: Refusal): Buffer {
  return Buffer.from(JSON.stringify({ name: 'TypeError', code, message } satisfies ErrorData), 'utf8');
}

function notActive(plugin: string): string {
  const { code, message } = pluginNotActive(plugin, null);
  return JSON.stringify({ name: 'HostError', code, message } satisfies ErrorData);
}

/** Hooks run while the installation is not active yet, or not any more. */
const isOwnStep = ({ invocation: { trigger } }: Run): boolean =>
  trigger.kind === 'lifecycle' || trigger.kind === 'health';
