/** QuotaExceededError (Web IDL section 4.4): more was asked for than there may be. */
import { DOMException } from './dom-exception.ts';
import { defineInterface, toDictionary } from './web-idl.ts';

type Options = { quota: number; requested: number };

export class QuotaExceededError extends DOMException {
  readonly #quota: number | null;
  readonly #requested: number | null;

  constructor(message: string = '', options?: Partial<Options>) {
    const { quota, requested } = toDictionary<Options>(options, 'QuotaExceededError');
    const allowed = toAmount(quota, 'quota');
    const wanted = toAmount(requested, 'requested');
    if (allowed !== null && wanted !== null && wanted < allowed)
      throw new RangeError('QuotaExceededError: "requested" is less than "quota".');
    super(message, 'QuotaExceededError');
    this.#quota = allowed;
    this.#requested = wanted;
  }

  get quota(): number | null {
    return this.#quota;
  }
  get requested(): number | null {
    return this.#requested;
  }
}

/** Web IDL `double`, which may not be negative here. */
function toAmount(value: unknown, name: keyof Options): number | null {
  if (value === undefined) return null;
  const amount = Number(value);
  if (!Number.isFinite(amount)) throw new TypeError(`QuotaExceededError: "${name}" must be a finite number.`);
  if (amount < 0) throw new RangeError(`QuotaExceededError: "${name}" must not be negative.`);
  return amount;
}

defineInterface(QuotaExceededError, 'QuotaExceededError', { constructor: 0 });
