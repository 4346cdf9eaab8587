/**
 * Secrets by reference: `{{secret:botToken}}` in the value of a header stands for the secret `botToken` of the
 * installation. It is filled in after the grant has been checked, on our side: the guest never holds the value, and it
 * goes nowhere but to a URL inside the grant.
 */
import { Refusal } from '../refusal.ts';
import { sendableHeaders, type SendableHeaders } from './headers.ts';

const REFERENCE = /\{\{secret:([a-z][A-Za-z0-9]{0,62})\}\}/gu;

/** @returns the fields without a reference */
export function withoutReferences(headers: SendableHeaders): SendableHeaders {
  return headers.filter(([, value]) => value.search(REFERENCE) < 0) as unknown as SendableHeaders;
}

/**
 * @param read answers null for a secret that is not set
 * @throws Refusal `secret_missing`, `egress_request_invalid` for a secret that no header can hold
 */
export async function fillReferences(
  headers: SendableHeaders,
  read: (name: string) => Promise<string | null>,
): Promise<SendableHeaders> {
  const names = new Set(
    headers.flatMap(([, value]) => [...value.matchAll(REFERENCE)].map(([, name]) => name)),
  );
  if (names.size === 0) return headers;
  const values = new Map<string, string>();
  for (const name of names) if (name !== undefined) values.set(name, await readSet(name, read));
  // What a secret holds is not looked into again: one that reads like a reference stays as it is.
  return sendableHeaders(
    headers.map(([field, value]) => [
      field,
      value.replace(REFERENCE, (_, name: string) => values.get(name) ?? ''),
    ]),
  );
}

async function readSet(name: string, read: (name: string) => Promise<string | null>): Promise<string> {
  const value = await read(name);
  if (value !== null) return value;
  throw new Refusal('secret_missing', { detail: `The secret ${name} is not set.` });
}
