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
 * SQLSTATEs (PostgreSQL, appendix A) of what a database refuses to anybody, whatever is asked: 08 the connection broke,
 * 28 the login, 3D000 no such database, 53 too few resources, 57 an operator or a time limit intervened, 58 the system
 * below it failed, 25P03 and 25P04 a transaction was open for too long.
 */
const SERVER_STATE = /^(?:08...|28...|3D000|53...|57...|58...|25P0[34])$/u;
/** The session ended with it, whatever it was; in the language of the server's messages. */
const SESSION_ENDED: ReadonlySet<unknown> = new Set(['FATAL', 'PANIC']);
/** `read_only_sql_transaction`: a standby, one that was the primary, or one that its operator lets nobody write to. */
export const READ_ONLY_STATE = '25006';

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
  if (chain.some(({ code }) => code === DISK_FULL_STATE)) {
    return new Refusal('storage_full', { detail: 'The database has no room on its disk.', cause: error });
  }
  if (chain.some(({ code }) => code === READ_ONLY_STATE)) return readOnly(error);
  return chain.some(isUnavailability) ? unavailable(phase, error) : error;
}

export function readOnly(cause?: unknown): Refusal {
  return new Refusal('database_unavailable', {
    detail: 'The database takes no changes right now.',
    cause,
  });
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

export type Failure = {
  readonly code?: unknown;
  readonly severity?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
};

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

function isUnavailability({ code, severity, syscall, message }: Failure): boolean {
  if (SESSION_ENDED.has(severity)) return true;
  if (typeof code === 'string') {
    if (SOCKET_CODES.has(code) || SERVER_STATE.test(code)) return true;
    if (syscall === 'connect') return true;
  }
  return typeof message === 'string' && CLIENT_MESSAGES.some((start) => message.startsWith(start));
}
