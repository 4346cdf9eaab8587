/** What went wrong when a server spoke to its database for the first time, so that an operator knows what to mend. */
import type { ErrorCode } from '../spec/error-codes.ts';
import { Fault, Refusal } from '../spec/refusal.ts';
import { causesOf, translateFailure, type Failure } from './unavailable.ts';

/** SQLSTATE (PostgreSQL, appendix A): class 28 is any failure to log in, 42501 a privilege that the role lacks. */
const LOGIN_STATE = /^(?:28...|42501)$/u;
/** A setting in DATABASE_URL that the server does not know, or a value that it does not take. */
const OPTION_STATE = /^(?:22|42)...$/u;
/** `invalid_catalog_name`. */
const DATABASE_MISSING_STATE = '3D000';
/** Node's codes of TLS, and OpenSSL's of certificates (Node.js, "X509 certificate error codes"). */
const TLS_CODE =
  /^(?:EPROTO$|ERR_TLS_|ERR_SSL_|CERT_|CRL_|ERROR_IN_C|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/u;
/** pg gives these no code. */
const LOGIN_MESSAGES = [
  'SASL: ',
  'Password must be a string',
  'The server does not support SSL connections',
  'There was an error establishing an SSL connection',
] as const;

/**
 * @returns Refusal `database_access_refused` or `database_missing`, else what `translateFailure` knows of it, else
 * `database_contact_failed`; a refusal or fault as it is
 */
export function explainFirstContact(error: unknown): Refusal | Fault {
  if (error instanceof Refusal || error instanceof Fault) return error;
  const chain = causesOf(error);
  const detail = `Its answer: ${reasonOf(chain)}.`;
  return new Refusal(codeOf(error, chain), { detail, cause: error });
}

/** What a server that runs takes for a database that is away is a wrong setting to one that starts. */
function codeOf(error: unknown, chain: readonly Failure[]): ErrorCode {
  if (chain.some(({ code }) => code === DATABASE_MISSING_STATE)) return 'database_missing';
  if (chain.some(isOfLogin)) return 'database_access_refused';
  if (chain.some(isOfOptions)) return 'database_contact_failed';
  const translated = translateFailure(error, 'working');
  return translated instanceof Refusal ? translated.code : 'database_contact_failed';
}

/** Of a host with several addresses only the failures of each say something. */
function reasonOf(chain: readonly Failure[]): string {
  return chain.map(({ message }) => String(message).split('\n')[0]).find(Boolean) ?? 'none';
}

function isOfOptions({ code }: Failure): boolean {
  return typeof code === 'string' && OPTION_STATE.test(code);
}

function isOfLogin({ code, message }: Failure): boolean {
  if (typeof code === 'string' && (LOGIN_STATE.test(code) || TLS_CODE.test(code))) return true;
  return typeof message === 'string' && LOGIN_MESSAGES.some((start) => message.startsWith(start));
}
