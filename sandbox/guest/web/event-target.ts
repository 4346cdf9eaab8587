/** Event, CustomEvent and EventTarget (DOM section 2), for targets without a tree. */
import { apply, arrayPush, arraySlice, arraySplice, dateNow } from './intrinsics.ts';
import { DOMException } from './dom-exception.ts';
import { reportError } from './report-error.ts';
import { defineInterface, requireArguments, toDictionary } from './web-idl.ts';

type EventInit = { bubbles: boolean; cancelable: boolean; composed: boolean };

/** The flags of an event that its target sets while it dispatches. */
type Dispatch = {
  target: EventTarget | null;
  isDispatching: boolean;
  isStopped: boolean;
  isPassive: boolean;
  isCanceled: boolean;
};
let dispatchOf: (event: Event) => Dispatch;

export class Event {
  static readonly NONE = 0;
  static readonly CAPTURING_PHASE = 1;
  static readonly AT_TARGET = 2;
  static readonly BUBBLING_PHASE = 3;
  static {
    dispatchOf = (event) => event.#dispatch;
  }

  readonly #type: string;
  readonly #bubbles: boolean;
  readonly #cancelable: boolean;
  readonly #composed: boolean;
  readonly #timeStamp = dateNow();
  readonly #dispatch: Dispatch = {
    target: null,
    isDispatching: false,
    isStopped: false,
    isPassive: false,
    isCanceled: false,
  };

  constructor(type: string, init?: Partial<EventInit>) {
    requireArguments(arguments.length, 1, 'Event');
    const { bubbles, cancelable, composed } = toDictionary<EventInit>(init, 'Event');
    this.#type = `${type}`;
    this.#bubbles = Boolean(bubbles);
    this.#cancelable = Boolean(cancelable);
    this.#composed = Boolean(composed);
  }

  get type(): string {
    return this.#type;
  }
  get target(): EventTarget | null {
    return this.#dispatch.target;
  }
  get srcElement(): EventTarget | null {
    return this.#dispatch.target;
  }
  get currentTarget(): EventTarget | null {
    return this.#dispatch.isDispatching ? this.#dispatch.target : null;
  }
  get eventPhase(): number {
    return this.#dispatch.isDispatching ? 2 : 0;
  }
  get bubbles(): boolean {
    return this.#bubbles;
  }
  get cancelable(): boolean {
    return this.#cancelable;
  }
  get composed(): boolean {
    return this.#composed;
  }
  get defaultPrevented(): boolean {
    return this.#dispatch.isCanceled;
  }
  get returnValue(): boolean {
    return !this.#dispatch.isCanceled;
  }
  get isTrusted(): boolean {
    return false;
  }
  get timeStamp(): number {
    return this.#timeStamp;
  }
  composedPath(): EventTarget[] {
    const { target, isDispatching } = this.#dispatch;
    return isDispatching && target ? [target] : [];
  }
  stopPropagation(): void {
    // Without a tree there is nothing above the target.
  }
  stopImmediatePropagation(): void {
    this.#dispatch.isStopped = true;
  }
  preventDefault(): void {
    if (this.#cancelable && !this.#dispatch.isPassive) this.#dispatch.isCanceled = true;
  }
}

export class CustomEvent extends Event {
  readonly #detail: unknown;
  constructor(type: string, init?: Partial<EventInit> & { detail?: unknown }) {
    super(type, init);
    this.#detail = init?.detail ?? null;
  }
  get detail(): unknown {
    return this.#detail;
  }
}

type Callback = ((this: EventTarget, event: Event) => unknown) | { handleEvent(event: Event): unknown };
type ListenerOptions = {
  capture: boolean;
  once: boolean;
  passive: boolean;
  signal: EventTarget & { readonly aborted: boolean };
};
type Listener = {
  readonly type: string;
  readonly callback: Callback;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  isRemoved: boolean;
};

export class EventTarget {
  #listeners: Listener[] = [];

  addEventListener(
    type: string,
    callback: Callback | null,
    options?: Partial<ListenerOptions> | boolean,
  ): void {
    requireArguments(arguments.length, 2, 'EventTarget.addEventListener');
    const { capture, once, passive, signal } = flatten(options);
    if (callback === null || signal?.aborted) return;
    if (typeof callback !== 'function' && typeof callback !== 'object') {
      throw new TypeError('EventTarget.addEventListener: the listener must be a function or an object.');
    }
    const key = `${type}`;
    if (this.#find(key, callback, Boolean(capture)) >= 0) return;
    arrayPush(this.#listeners, {
      type: key,
      callback,
      capture: Boolean(capture),
      once: Boolean(once),
      passive: Boolean(passive),
      isRemoved: false,
    });
    signal?.addEventListener('abort', () =>
      this.removeEventListener(key, callback, { capture: Boolean(capture) }),
    );
  }

  removeEventListener(
    type: string,
    callback: Callback | null,
    options?: Partial<ListenerOptions> | boolean,
  ): void {
    requireArguments(arguments.length, 2, 'EventTarget.removeEventListener');
    const index = this.#find(`${type}`, callback, Boolean(flatten(options).capture));
    if (index >= 0) this.#removeAt(index);
  }

  dispatchEvent(event: Event): boolean {
    requireArguments(arguments.length, 1, 'EventTarget.dispatchEvent');
    const dispatch = dispatchOf(event);
    if (dispatch.isDispatching)
      throw new DOMException('The event is already being dispatched.', 'InvalidStateError');
    dispatch.target = this;
    dispatch.isDispatching = true;
    for (const listener of arraySlice(this.#listeners)) {
      if (dispatch.isStopped) break;
      if (listener.type === event.type && !listener.isRemoved) this.#invoke(listener, event, dispatch);
    }
    dispatch.isDispatching = dispatch.isStopped = dispatch.isPassive = false;
    return !dispatch.isCanceled;
  }

  /** DOM section 2.9, "inner invoke": an exception in a listener is reported and stops nothing. */
  #invoke(listener: Listener, event: Event, dispatch: Dispatch): void {
    if (listener.once) this.#removeAt(this.#listeners.indexOf(listener));
    dispatch.isPassive = listener.passive;
    const { callback } = listener;
    try {
      if (typeof callback === 'function') apply(callback, this, [event]);
      else callback.handleEvent(event);
    } catch (error) {
      reportError(error);
    }
    dispatch.isPassive = false;
  }

  #find(type: string, callback: Callback | null, capture: boolean): number {
    for (let index = 0; index < this.#listeners.length; index += 1) {
      const listener = this.#listeners[index];
      if (listener?.type === type && listener.callback === callback && listener.capture === capture)
        return index;
    }
    return -1;
  }

  #removeAt(index: number): void {
    const listener = this.#listeners[index];
    if (listener) listener.isRemoved = true;
    arraySplice(this.#listeners, index, 1);
  }
}

function flatten(options: Partial<ListenerOptions> | boolean | undefined): Partial<ListenerOptions> {
  return typeof options === 'boolean'
    ? { capture: options }
    : toDictionary<ListenerOptions>(options, 'EventTarget');
}

/**
 * An `onname` attribute (HTML section 8.1.8.1): one listener whose place stays when the handler changes.
 * @returns the accessors' two halves, to be kept by the target
 */
export function makeEventHandler(
  target: EventTarget,
  type: string,
): { get(): unknown; set(handler: unknown): void } {
  let current: unknown = null;
  let isListening = false;
  return {
    get: () => current,
    set: (handler) => {
      current = typeof handler === 'function' ? handler : null;
      if (isListening || current === null) return;
      isListening = true;
      target.addEventListener(type, (event) => {
        if (typeof current === 'function') apply(current as Callback & (() => unknown), target, [event]);
      });
    },
  };
}

defineInterface(Event, 'Event');
defineInterface(CustomEvent, 'CustomEvent');
defineInterface(EventTarget, 'EventTarget');
