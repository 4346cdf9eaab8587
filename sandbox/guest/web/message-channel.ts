/**
 * MessageChannel and MessagePort (HTML section 9.4), between parts of one program: libraries use them to go on in a
 * later task. Ports themselves cannot be transferred, as there is nowhere else to send them.
 */
import { bound } from './bound.ts';
import { MessageEvent } from './event-kinds.ts';
import { Event, EventTarget, fireEvent, makeEventHandler } from './event-target.ts';
import { arrayPush, promiseResolve, promiseThen } from './intrinsics.ts';
import { structuredClone } from './structured-clone.ts';
import { defineInterface, isObject, requireArguments } from './web-idl.ts';

const MAKER = Symbol('maker of ports');
type Transfer = readonly ArrayBuffer[] | { readonly transfer?: readonly ArrayBuffer[] };
let entangle: (one: MessagePort, other: MessagePort) => void;

export class MessagePort extends EventTarget {
  static {
    entangle = (one, other) => {
      one.#other = other;
      other.#other = one;
    };
  }

  #other: MessagePort | undefined;
  /** Messages that wait for the port to be started, or for their task. */
  #waiting: unknown[] = [];
  #isStarted = false;
  #isAwaited = false;
  readonly #onMessage = makeEventHandler(this, 'message');
  readonly #onMessageError = makeEventHandler(this, 'messageerror');
  readonly #onClose = makeEventHandler(this, 'close');

  constructor(maker?: symbol) {
    if (maker !== MAKER) throw new TypeError('Illegal constructor');
    super();
  }

  postMessage(message: unknown, transfer?: Transfer): void {
    requireArguments(arguments.length, 1, 'MessagePort.postMessage');
    const list = isObject(transfer) && Symbol.iterator in transfer ? transfer : transfer?.transfer;
    const copy = structuredClone(message, list === undefined ? undefined : { transfer: list });
    const other = this.#other;
    if (other === undefined) return;
    arrayPush(other.#waiting, copy);
    other.#await();
  }

  start(): void {
    this.#isStarted = true;
    this.#await();
  }

  close(): void {
    const other = this.#other;
    if (other === undefined) return;
    this.#other = other.#other = undefined;
    bound().setTimer(0, () => fireEvent(other, new Event('close')));
  }

  get onmessage(): unknown {
    return this.#onMessage.get();
  }
  set onmessage(handler: unknown) {
    this.#onMessage.set(handler);
    this.start();
  }
  get onmessageerror(): unknown {
    return this.#onMessageError.get();
  }
  set onmessageerror(handler: unknown) {
    this.#onMessageError.set(handler);
  }
  get onclose(): unknown {
    return this.#onClose.get();
  }
  set onclose(handler: unknown) {
    this.#onClose.set(handler);
  }

  /** One task for all that waits, however much: a plugin may wait for a limited number of timers. */
  #await(): void {
    if (!this.#isStarted || this.#isAwaited || this.#waiting.length === 0) return;
    this.#isAwaited = true;
    bound().setTimer(0, () => {
      this.#isAwaited = false;
      const messages = this.#waiting;
      this.#waiting = [];
      void this.#deliver(messages);
    });
  }

  /** What one message leaves to do at once is done before the next. */
  async #deliver(messages: readonly unknown[]): Promise<void> {
    for (let index = 0; index < messages.length; index += 1) {
      fireEvent(this, new MessageEvent('message', { data: messages[index] }));
      await promiseThen(promiseResolve(undefined), () => undefined);
    }
  }
}

export class MessageChannel {
  readonly #port1 = new MessagePort(MAKER);
  readonly #port2 = new MessagePort(MAKER);

  constructor() {
    entangle(this.#port1, this.#port2);
  }

  get port1(): MessagePort {
    return this.#port1;
  }
  get port2(): MessagePort {
    return this.#port2;
  }
}

defineInterface(MessagePort, 'MessagePort', { constructor: 0, postMessage: 1 });
defineInterface(MessageChannel, 'MessageChannel');
