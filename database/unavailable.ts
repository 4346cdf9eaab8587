/**
 * Tells a database that cannot be reached from a query that failed. The first is a refusal that a caller may try
 * again; the second is for whoever asked the question.
 */
import { Refusal } from '../spec/refusal.ts';

/** Errors of Node's sockets and resolver. `ENOENT` and `EACCES` count only for connect(2), of a socket file. */
const SOCKET_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * SQLSTATEs (PostgreSQL, appendix A): 57P01 to 57P03 shutting down or starting, 53300 too many connections, 25006
 * a standby that was primary; class 08 is any failure of the connection.
 */
const SERVER_STATES: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '53300', '25006']);

/** pg gives these no code. */
const CLIENT_MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Client was closed',
  'Cannot use a pool after calling end',
] as const;

/** `disk_full`, and what the file system says of a full quota. */
const DISK_FULL_STATE = '53100';

/** How far the transaction had come: after `committing` nobody knows whether it took effect. */
export type Phase = 'working' | 'committing';

/** @returns the refusal that stands for a failure of the connection or the disk, else the error itself. */
export function translateFailure(error: unknown, phase: Phase): unknown {
  if (error instanceof Refusal) return error;
  const chain = causesOf(error);
  if (chain.some(isConnectionFailure)) return unavailable(phase, error);
  if (chain.some((cause) => cause.code === DISK_FULL_STATE)) {
    return new Refusal('storage_full', { detail: 'The database has no room on its disk.', cause: error });
  }
  return error;
}

function unavailable(phase: Phase, cause: unknown): Refusal {
  switch (phase) {
    case 'working':
      return new Refusal('database_unavailable', {
        detail: 'The database cannot be reached right now.',
        cause,
      });
    case 'committing':
      return new Refusal('database_unavailable', {
        detail: 'The connection to the database broke while the change was being written.',
        hint: 'Look whether the change took effect before you try again.',
        cause,
      });
  }
}

export type Failure = { readonly code?: unknown; readonly syscall?: unknown; readonly message?: unknown };

/** Only some layers set `cause`; the ORM keeps the original in `previous`. Bounded against a circle. */
export function causesOf(error: unknown): Failure[] {
  const chain: Failure[] = [];
  let current: unknown = error;
  while (typeof current === 'object' && current !== null && chain.length < 8) {
    chain.push(current);
    const { cause, previous, errors } = current as { cause?: unknown; previous?: unknown; errors?: unknown };
    // A host name with several addresses fails with an AggregateError.
    current = cause ?? previous ?? (Array.isArray(errors) ? (errors[0] as unknown) : undefined);
  }
  return chain;
}

function isConnectionFailure({ code, syscall, message }: Failure): boolean {
  if (typeof code === 'string') {
    if (SOCKET_CODES.has(code) || SERVER_STATES.has(code) || /^08...$/u.test(code)) return true;
    if (syscall === 'connect') return true;
  }
  return typeof message === 'string' && CLIENT_MESSAGES.some((start) => message.startsWith(start));
}
