/** AbortController and AbortSignal (DOM section 3). */
import { bound } from './bound.ts';
import { DOMException } from './dom-exception.ts';
import { Event, EventTarget, fireEvent, makeEventHandler } from './event-target.ts';
import { arrayIndexOf, arrayPush, trunc } from './intrinsics.ts';
import { defineInterface, requireArguments } from './web-idl.ts';

const MAKER = Symbol('maker of signals');
let abortSignal: (signal: AbortSignal, reason: unknown) => void;
let follow: (signal: AbortSignal, sources: Iterable<AbortSignal>) => void;

export class AbortSignal extends EventTarget {
  static {
    abortSignal = (signal, reason) => signal.#abort(reason);
    follow = (signal, sources) => signal.#follow(sources);
  }

  #aborted = false;
  #reason: unknown = undefined;
  #dependents: AbortSignal[] = [];
  /** Of a signal that follows others: those that follow none. */
  #sources: AbortSignal[] | null = null;
  readonly #handler = makeEventHandler(this, 'abort');

  constructor(maker?: symbol) {
    if (maker !== MAKER) throw new TypeError('Illegal constructor');
    super();
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal(MAKER);
    abortSignal(signal, reason);
    return signal;
  }

  static timeout(delayMs: number): AbortSignal {
    requireArguments(arguments.length, 1, 'AbortSignal.timeout');
    const delay = trunc(Number(delayMs));
    if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) {
      throw new TypeError(
        'AbortSignal.timeout: the time must be a number of milliseconds that is not negative.',
      );
    }
    const signal = new AbortSignal(MAKER);
    bound().setTimer(delay, () =>
      abortSignal(signal, new DOMException('The operation timed out.', 'TimeoutError')),
    );
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    requireArguments(arguments.length, 1, 'AbortSignal.any');
    const signal = new AbortSignal(MAKER);
    follow(signal, signals);
    return signal;
  }

  get aborted(): boolean {
    return this.#aborted;
  }
  get reason(): unknown {
    return this.#reason;
  }
  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }
  get onabort(): unknown {
    return this.#handler.get();
  }
  set onabort(handler: unknown) {
    this.#handler.set(handler);
  }

  /** DOM section 3.1.3: dependents take the reason before any of the listeners runs. */
  #abort(reason: unknown): void {
    if (this.#aborted) return;
    const affected: AbortSignal[] = [];
    this.#mark(
      reason === undefined ? new DOMException('The operation was aborted.', 'AbortError') : reason,
      affected,
    );
    for (const signal of affected) fireEvent(signal, new Event('abort'));
  }

  #mark(reason: unknown, affected: AbortSignal[]): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    arrayPush(affected, this);
    const dependents = this.#dependents;
    this.#dependents = [];
    for (const dependent of dependents) dependent.#mark(reason, affected);
  }

  /** DOM section 3.1.3: a signal is linked to the ends of every chain, so that events come in the order of making. */
  #link(source: AbortSignal): void {
    if (arrayIndexOf(source.#dependents, this) >= 0) return;
    arrayPush(source.#dependents, this);
    arrayPush((this.#sources ??= []), source);
  }

  #follow(sources: Iterable<AbortSignal>): void {
    const list = [...sources];
    for (const source of list) {
      if (!(#aborted in source)) throw new TypeError('AbortSignal.any: every item must be an AbortSignal.');
    }
    for (const source of list) {
      if (this.#aborted) return;
      if (source.#aborted) this.#abort(source.#reason);
    }
    if (this.#aborted) return;
    this.#sources = [];
    for (const source of list) for (const end of source.#sources ?? [source]) this.#link(end);
  }
}

export class AbortController {
  readonly #signal = new AbortSignal(MAKER);

  get signal(): AbortSignal {
    return this.#signal;
  }
  abort(reason?: unknown): void {
    abortSignal(this.#signal, reason);
  }
}

/** A signal that follows another, as a request's own does (Fetch section 5.4, constructor step 29). */
export const followSignal = (source: AbortSignal | null): AbortSignal =>
  AbortSignal.any(source === null ? [] : [source]);

/** @param subscribe given what aborts the signal, with an AbortError */
export function signalOf(subscribe: (abort: () => void) => void): AbortSignal {
  const signal = new AbortSignal(MAKER);
  subscribe(() => abortSignal(signal, undefined));
  return signal;
}

defineInterface(AbortSignal, 'AbortSignal', { constructor: 0 });
defineInterface(AbortController, 'AbortController', { abort: 0 });
