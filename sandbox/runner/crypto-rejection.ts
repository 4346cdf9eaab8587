/** How a cryptographic operation fails, as the guest sees it. */
import { Fault } from '../../spec/refusal.ts';

/** A failure that the guest sees as a DOMException (or TypeError) of this name. */
class CryptoRejection extends Fault {
  readonly errorName: string;
  constructor(errorName: string, message: string) {
    super(message);
    this.errorName = errorName;
  }
}

export const reject = (errorName: string, message: string): never => {
  throw new CryptoRejection(errorName, message);
};

const ERROR_CHARS_MAX = 200;
const ERROR_NAMES: ReadonlySet<string> = new Set([
  'DataError',
  'InvalidAccessError',
  'NotSupportedError',
  'OperationError',
  'QuotaExceededError',
  'SyntaxError',
  'TypeError',
]);

/** Names that Web Cryptography knows pass; everything else is an OperationError without a text of ours. */
export function describeError(error: unknown): { name: string; message: string } {
  if (error instanceof CryptoRejection) return { name: error.errorName, message: error.message };
  const isPlain = error instanceof Error && ERROR_NAMES.has(error.name) && !(error instanceof SyntaxError);
  return isPlain
    ? { name: error.name, message: error.message.slice(0, ERROR_CHARS_MAX) }
    : { name: 'OperationError', message: 'The operation failed.' };
}
