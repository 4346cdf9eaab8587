/** What a caller can mend, with a code; contracts and answers over HTTP carry the same one. */
export class Problem extends Error {
  readonly code: string;
  readonly status: 401 | 403 | 404 | 409 | 422 | 503;

  constructor(status: Problem['status'], code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

/** Whether the organization has not granted what was tried. */
export function isDenied(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'PermissionDenied';
}
