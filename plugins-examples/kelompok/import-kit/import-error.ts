/** Why a file cannot be imported, with one of the codes of the importers' contracts. */
export class ImportError extends Error {
  readonly code: 'file_unreadable' | 'columns_missing' | 'permission_missing';

  constructor(code: ImportError['code'], message: string) {
    super(message.slice(0, 500));
    this.code = code;
  }
}

/** @returns the refusal of a permission as something that the contract knows; anything else as it is */
export function asImportError(error: unknown): unknown {
  const { name, message } = error as { name?: unknown; message?: unknown };
  return name === 'PermissionDenied' ? new ImportError('permission_missing', String(message)) : error;
}
