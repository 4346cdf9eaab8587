/** Errors that `communication@1` names, so that whoever called reads why. */

export type PlatformCode =
  | 'group_not_found'
  | 'member_not_found'
  | 'platform_refused'
  | 'platform_unavailable';

export class PlatformError extends Error {
  readonly code: PlatformCode;

  constructor(code: PlatformCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const groupNotFound = (message: string): PlatformError =>
  new PlatformError('group_not_found', message);
export const memberNotFound = (message: string): PlatformError =>
  new PlatformError('member_not_found', message);
export const refused = (message: string): PlatformError => new PlatformError('platform_refused', message);
export const unavailable = (message: string): PlatformError =>
  new PlatformError('platform_unavailable', message);

/** @returns whether a host call was denied because the organization has not granted it */
export function isDenied(error: unknown): error is Error {
  return error instanceof Error && error.name === 'PermissionDenied';
}

/** @returns what a failed host call means to the caller: a grant that is missing is for an administrator to give */
export function fromHostCall(platform: string, error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  if (isDenied(error))
    return refused(`${platform} was not asked, for want of a permission: ${error.message}`);
  return unavailable(`${platform} could not be reached: ${messageOf(error)}`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
