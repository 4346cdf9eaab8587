/**
 * One host call as its capability sees it, from the supervisor's record of the run.
 *
 * What few capabilities ask for, a signal of the call's own and a body, is made when it is asked for: a read of kv pays
 * for neither.
 */
import type { HostBody } from '../../spec/host/capability.ts';
import { Fault, type Refusal } from '../../spec/refusal.ts';
import type { BrokerAnswer } from '../broker/broker.ts';
import type { Caller, Guest, HostCallContext, RunFile, Trigger } from '../ports.ts';
import type { OpenCall, Run } from './run.ts';

const NO_CHAIN: readonly string[] = [];
const NO_FILES: readonly RunFile[] = [];

export class HostCall implements HostCallContext, OpenCall {
  /** Replaced before the call is judged, where the run has lasted for so long that its grants may have changed. */
  guest: Guest;
  readonly deadline: number;
  readonly #run: Run;
  readonly #ref: number;
  #abort: AbortController | undefined;
  #body: HostBody | undefined;
  #isAsked = false;

  /** @param ref the guest's own number of the call */
  constructor(run: Run, ref: number) {
    this.#run = run;
    this.#ref = ref;
    this.guest = run.invocation.guest;
    this.deadline = run.deadline;
  }

  get caller(): Caller {
    return this.#run.invocation.caller;
  }
  get requestId(): string {
    return this.#run.invocation.requestId;
  }
  get chain(): readonly string[] {
    return this.#run.invocation.chain ?? NO_CHAIN;
  }
  get trigger(): Trigger {
    return this.#run.invocation.trigger;
  }
  get files(): readonly RunFile[] {
    return this.#run.invocation.files ?? NO_FILES;
  }

  get signal(): AbortSignal {
    this.#abort ??= this.#open();
    return this.#abort.signal;
  }

  giveBody(body: HostBody): void {
    if (this.#body) throw new Fault('a host call has one body');
    this.#abort ??= this.#open();
    this.#body = body;
  }

  read(): Promise<Uint8Array | 'ended' | Refusal> | undefined {
    if (!this.#body || this.#isAsked) return undefined;
    this.#isAsked = true;
    return this.#body.read().finally(() => {
      this.#isAsked = false;
    });
  }

  /**
   * The call has been answered.
   * @returns whether the guest can pull a body now; the call stays open for that
   */
  settle({ failed }: BrokerAnswer): boolean {
    if (!failed && this.#body && this.#run.hostCallsOpen?.get(this.#ref) === this) return true;
    if (this.#body) this.abort();
    if (this.#run.hostCallsOpen?.get(this.#ref) === this) this.#run.hostCallsOpen.delete(this.#ref);
    return false;
  }

  abort(): void {
    this.#abort?.abort();
  }

  /** From here on the guest and the end of the run can abort it. */
  #open(): AbortController {
    const abort = new AbortController();
    if (this.#run.isSettled) abort.abort();
    this.#run.hostCallsOpen ??= new Map();
    // Only a guest that forges its numbers has two calls with the same one.
    this.#run.hostCallsOpen.get(this.#ref)?.abort();
    this.#run.hostCallsOpen.set(this.#ref, this);
    return abort;
  }
}
