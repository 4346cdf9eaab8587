/** Event, CustomEvent and EventTarget (DOM section 2), for targets without a tree. */
import { apply, arrayPush, arraySlice, arraySplice } from './intrinsics.ts';
import { DOMException } from './dom-exception.ts';
import { abortPart } from './lazy.ts';
import { now } from './performance.ts';
import { reportError } from './report-error.ts';
import { defineConstant, defineInterface, isObject, requireArguments, toDictionary } from './web-idl.ts';

type EventInit = { bubbles: boolean; cancelable: boolean; composed: boolean };

/** The flags of an event (DOM section 2.2), some of which its target sets while it dispatches. */
type Dispatch = {
  type: string;
  bubbles: boolean;
  cancelable: boolean;
  target: EventTarget | null;
  isDispatching: boolean;
  isPropagationStopped: boolean;
  isStopped: boolean;
  isPassive: boolean;
  isCanceled: boolean;
  isTrusted: boolean;
};
let dispatchOf: (event: Event) => Dispatch;

export class Event {
  static {
    dispatchOf = (event) => event.#dispatch;
  }

  readonly #composed: boolean;
  readonly #timeStamp = now();
  readonly #dispatch: Dispatch;

  constructor(type: string, init?: Partial<EventInit>) {
    requireArguments(arguments.length, 1, 'Event');
    const name = `${type}`;
    const { bubbles, cancelable, composed } = toDictionary<EventInit>(init, 'Event');
    this.#composed = Boolean(composed);
    this.#dispatch = {
      type: name,
      bubbles: Boolean(bubbles),
      cancelable: Boolean(cancelable),
      target: null,
      isDispatching: false,
      isPropagationStopped: false,
      isStopped: false,
      isPassive: false,
      isCanceled: false,
      isTrusted: false,
    };
  }

  get type(): string {
    return this.#dispatch.type;
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
    return this.#dispatch.bubbles;
  }
  get cancelable(): boolean {
    return this.#dispatch.cancelable;
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
  set returnValue(value: unknown) {
    if (!value) this.preventDefault();
  }
  get cancelBubble(): boolean {
    return this.#dispatch.isPropagationStopped;
  }
  set cancelBubble(value: unknown) {
    const dispatch = this.#dispatch;
    if (value) dispatch.isPropagationStopped = true;
  }
  get isTrusted(): boolean {
    return this.#dispatch.isTrusted;
  }
  get timeStamp(): number {
    return this.#timeStamp;
  }
  composedPath(): EventTarget[] {
    const { target, isDispatching } = this.#dispatch;
    return isDispatching && target ? [target] : [];
  }
  stopPropagation(): void {
    this.#dispatch.isPropagationStopped = true;
  }
  stopImmediatePropagation(): void {
    this.#dispatch.isPropagationStopped = this.#dispatch.isStopped = true;
  }
  preventDefault(): void {
    const dispatch = this.#dispatch;
    if (dispatch.cancelable && !dispatch.isPassive) dispatch.isCanceled = true;
  }
  /** DOM section 2.2: an event before it is dispatched once more, as new. */
  initEvent(type: string, bubbles?: boolean, cancelable?: boolean): void {
    requireArguments(arguments.length, 1, 'Event.initEvent');
    const dispatch = this.#dispatch;
    const name = `${type}`;
    if (dispatch.isDispatching) return;
    dispatch.type = name;
    dispatch.bubbles = Boolean(bubbles);
    dispatch.cancelable = Boolean(cancelable);
    dispatch.target = null;
    dispatch.isPropagationStopped = dispatch.isStopped = dispatch.isCanceled = dispatch.isTrusted = false;
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

let fire: (target: EventTarget, event: Event) => void;

export class EventTarget {
  static {
    fire = (target, event) => void target.#dispatch(event, true);
  }

  #listeners: Listener[] = [];

  addEventListener(
    type: string,
    callback: Callback | null,
    options?: Partial<ListenerOptions> | boolean,
  ): void {
    requireArguments(arguments.length, 2, 'EventTarget.addEventListener');
    const listeners = this.#listeners;
    const { capture, once, passive, signal } = flatten(options);
    if (signal !== undefined && !isSignal(signal))
      throw new TypeError('EventTarget.addEventListener: "signal" must be an AbortSignal.');
    if (callback === null || callback === undefined || signal?.aborted) return;
    if (typeof callback !== 'function' && typeof callback !== 'object') {
      throw new TypeError('EventTarget.addEventListener: the listener must be a function or an object.');
    }
    const key = `${type}`;
    if (this.#find(key, callback, Boolean(capture)) >= 0) return;
    arrayPush(listeners, {
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
    if (dispatchOf(event).isDispatching)
      throw new DOMException('The event is already being dispatched.', 'InvalidStateError');
    return this.#dispatch(event, false);
  }

  #dispatch(event: Event, isTrusted: boolean): boolean {
    const dispatch = dispatchOf(event);
    dispatch.target = this;
    dispatch.isDispatching = true;
    dispatch.isTrusted = isTrusted;
    // DOM section 2.9: the target is reached on the way down and on the way up.
    this.#invokeAll(event, dispatch, true);
    this.#invokeAll(event, dispatch, false);
    dispatch.isDispatching = dispatch.isPropagationStopped = dispatch.isStopped = dispatch.isPassive = false;
    return !dispatch.isCanceled;
  }

  #invokeAll(event: Event, dispatch: Dispatch, capture: boolean): void {
    if (dispatch.isPropagationStopped) return;
    for (const listener of arraySlice(this.#listeners)) {
      if (dispatch.isStopped) return;
      if (listener.capture === capture && listener.type === dispatch.type && !listener.isRemoved)
        this.#invoke(listener, event, dispatch);
    }
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

/** DOM section 2.10, "fire an event": what no code of the guest's has dispatched is trusted. */
export const fireEvent = (target: EventTarget, event: Event): void => fire(target, event);

function flatten(options: Partial<ListenerOptions> | boolean | undefined): Partial<ListenerOptions> {
  return options === undefined || options === null || isObject(options)
    ? toDictionary<ListenerOptions>(options, 'EventTarget')
    : { capture: Boolean(options) };
}

const isSignal = (value: unknown): boolean => {
  const aborts = abortPart.loaded();
  return aborts !== undefined && value instanceof aborts.AbortSignal;
};

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

defineInterface(Event, 'Event', { constructor: 1, initEvent: 1 });
['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE'].forEach((name, phase) => {
  defineConstant(Event, name, phase);
});
defineInterface(CustomEvent, 'CustomEvent', { constructor: 1 });
defineInterface(EventTarget, 'EventTarget', { addEventListener: 2, removeEventListener: 2 });
