/** DOMException (Web IDL section 2.8.1 and 4.3). */
import { captureStackTrace, mapGet, SafeMap } from './intrinsics.ts';
import { defineConstant, defineInterface } from './web-idl.ts';

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
/** Web IDL section 2.8.1: the constant of each code, from 1 on. */
const LEGACY_CONSTANTS = [
  'INDEX_SIZE_ERR',
  'DOMSTRING_SIZE_ERR',
  'HIERARCHY_REQUEST_ERR',
  'WRONG_DOCUMENT_ERR',
  'INVALID_CHARACTER_ERR',
  'NO_DATA_ALLOWED_ERR',
  'NO_MODIFICATION_ALLOWED_ERR',
  'NOT_FOUND_ERR',
  'NOT_SUPPORTED_ERR',
  'INUSE_ATTRIBUTE_ERR',
  'INVALID_STATE_ERR',
  'SYNTAX_ERR',
  'INVALID_MODIFICATION_ERR',
  'NAMESPACE_ERR',
  'INVALID_ACCESS_ERR',
  'VALIDATION_ERR',
  'TYPE_MISMATCH_ERR',
  'SECURITY_ERR',
  'NETWORK_ERR',
  'ABORT_ERR',
  'URL_MISMATCH_ERR',
  'QUOTA_EXCEEDED_ERR',
  'TIMEOUT_ERR',
  'INVALID_NODE_TYPE_ERR',
  'DATA_CLONE_ERR',
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
LEGACY_CONSTANTS.forEach((name, index) => {
  defineConstant(DOMException, name, index + 1);
});
