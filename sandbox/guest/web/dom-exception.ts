/** DOMException (Web IDL section 2.8.1 and 4.3). */
import { captureStackTrace, mapGet, SafeMap } from './intrinsics.ts';
import { defineInterface } from './web-idl.ts';

const LEGACY_NAMES = [
  'IndexSizeError',
  '',
  'HierarchyRequestError',
  'WrongDocumentError',
  'InvalidCharacterError',
  '',
  'NoModificationAllowedError',
  'NotFoundError',
  'NotSupportedError',
  'InUseAttributeError',
  'InvalidStateError',
  'SyntaxError',
  'InvalidModificationError',
  'NamespaceError',
  'InvalidAccessError',
  '',
  'TypeMismatchError',
  'SecurityError',
  'NetworkError',
  'AbortError',
  'URLMismatchError',
  'QuotaExceededError',
  'TimeoutError',
  'InvalidNodeTypeError',
  'DataCloneError',
];
const LEGACY_CODES: ReadonlyMap<string, number> = new SafeMap(
  LEGACY_NAMES.map((name, index): [string, number] => [name, index + 1]).filter(([name]) => name !== ''),
);

export class DOMException extends Error {
  readonly #name: string;
  readonly #message: string;

  constructor(message: string = '', options: string | { name?: string; cause?: unknown } = 'Error') {
    super();
    const isDictionary = typeof options === 'object' && options !== null;
    this.#message = `${message}`;
    this.#name = `${isDictionary ? (options.name ?? 'Error') : options}`;
    if (isDictionary && 'cause' in options) {
      Object.defineProperty(this, 'cause', { value: options.cause, configurable: true, writable: true });
    }
    captureStackTrace(this, new.target);
  }

  // The engine reads name and message for the first line of the stack while `super()` is still running.
  override get name(): string {
    return #name in this ? this.#name : 'Error';
  }

  override get message(): string {
    return #message in this ? this.#message : '';
  }

  get code(): number {
    return mapGet(LEGACY_CODES, this.#name) ?? 0;
  }
}

defineInterface(DOMException, 'DOMException');
