/**
 * Domain names to ASCII (URL section 3.3, UTS 46), in place of the tables that whatwg-url would bring: they take a
 * megabyte of every isolate. Plain ASCII, which is nearly every name, is done here; the rest by the runner.
 */
import { bound } from './bound.ts';
import { isAscii } from './binary.ts';
import { matches, stringToLowerCase } from './intrinsics.ts';

const PUNYCODE_LABEL = /(?:^|\.)xn--/i;

/** @returns the name in lower-case ASCII, or null when it is no domain name */
export function toASCII(domain: string): string | null {
  if (isAscii(domain) && !matches(PUNYCODE_LABEL, domain)) return stringToLowerCase(domain);
  return bound().domainToAscii(domain) || null;
}
