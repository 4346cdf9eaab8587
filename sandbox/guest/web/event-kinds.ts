/** Events that carry something: of errors (HTML section 8.1.4.6), rejections (8.1.4.7) and messages (9.1). */
import { Event } from './event-target.ts';
import { freeze } from './intrinsics.ts';
import { defineInterface, requireArguments, toDictionary, toUsvString } from './web-idl.ts';

type EventInit = ConstructorParameters<typeof Event>[1];
type ErrorInit = { message: string; filename: string; lineno: number; colno: number; error: unknown };
type RejectionInit = { promise: unknown; reason: unknown };
type MessageInit = { data: unknown; origin: string; lastEventId: string; source: unknown; ports: unknown[] };

export class ErrorEvent extends Event {
  readonly #init: ErrorInit;

  constructor(type: string, init?: EventInit & Partial<ErrorInit>) {
    super(type, init);
    const { message, filename, lineno, colno, error } = toDictionary<ErrorInit>(init, 'ErrorEvent');
    this.#init = {
      message: `${message ?? ''}`,
      filename: toUsvString(filename ?? ''),
      lineno: Number(lineno ?? 0) >>> 0,
      colno: Number(colno ?? 0) >>> 0,
      error,
    };
  }

  get message(): string {
    return this.#init.message;
  }
  get filename(): string {
    return this.#init.filename;
  }
  get lineno(): number {
    return this.#init.lineno;
  }
  get colno(): number {
    return this.#init.colno;
  }
  get error(): unknown {
    return this.#init.error;
  }
}

export class PromiseRejectionEvent extends Event {
  readonly #promise: unknown;
  readonly #reason: unknown;

  constructor(type: string, init: EventInit & RejectionInit) {
    requireArguments(arguments.length, 2, 'PromiseRejectionEvent');
    super(type, init);
    const { promise, reason } = toDictionary<RejectionInit>(init, 'PromiseRejectionEvent');
    if (promise === undefined) throw new TypeError('PromiseRejectionEvent: the promise is required.');
    this.#promise = promise;
    this.#reason = reason;
  }

  get promise(): unknown {
    return this.#promise;
  }
  get reason(): unknown {
    return this.#reason;
  }
}

export class MessageEvent extends Event {
  readonly #init: MessageInit;

  constructor(type: string, init?: EventInit & Partial<MessageInit>) {
    super(type, init);
    const { data, origin, lastEventId, source, ports } = toDictionary<MessageInit>(init, 'MessageEvent');
    this.#init = {
      data: data === undefined ? null : data,
      origin: toUsvString(origin ?? ''),
      lastEventId: `${lastEventId ?? ''}`,
      source: source ?? null,
      ports: freeze([...(ports ?? [])]) as unknown[],
    };
  }

  get data(): unknown {
    return this.#init.data;
  }
  get origin(): string {
    return this.#init.origin;
  }
  get lastEventId(): string {
    return this.#init.lastEventId;
  }
  get source(): unknown {
    return this.#init.source;
  }
  get ports(): readonly unknown[] {
    return this.#init.ports;
  }
}

defineInterface(ErrorEvent, 'ErrorEvent', { constructor: 1 });
defineInterface(PromiseRejectionEvent, 'PromiseRejectionEvent');
defineInterface(MessageEvent, 'MessageEvent', { constructor: 1 });
