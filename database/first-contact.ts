/** What went wrong when a server spoke to its database for the first time, so that an operator knows what to mend. */
import { Fault, Refusal } from '../spec/refusal.ts';
import { causesOf, translateFailure, type Failure } from './unavailable.ts';

/** SQLSTATE (PostgreSQL, appendix A): class 28 is any failure to log in, 42501 a privilege that the role lacks. */
const LOGIN_STATE = /^(?:28...|42501)$/u;
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
 * @returns what `translateFailure` knows of it, else Refusal `database_access_refused`, `database_missing` or
 * `database_contact_failed`; a refusal or fault as it is
 */
export function explainFirstContact(error: unknown): Refusal | Fault {
  const translated = translateFailure(error, 'working');
  if (translated instanceof Refusal || translated instanceof Fault) return translated;
  const [reason = ''] = String(error instanceof Error ? error.message : error).split('\n');
  return new Refusal(codeOf(causesOf(error)), { detail: `Its answer: ${reason}.`, cause: error });
}

function codeOf(chain: readonly Failure[]) {
  if (chain.some(({ code }) => code === DATABASE_MISSING_STATE)) return 'database_missing';
  return chain.some(isOfLogin) ? 'database_access_refused' : 'database_contact_failed';
}

function isOfLogin({ code, message }: Failure): boolean {
  if (typeof code === 'string' && (LOGIN_STATE.test(code) || TLS_CODE.test(code))) return true;
  return typeof message === 'string' && LOGIN_MESSAGES.some((start) => message.startsWith(start));
}
