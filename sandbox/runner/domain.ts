/** The host's half of domain names in guests' URLs. */
import { domainToASCII } from 'node:url';

/** RFC 1035 section 2.3.4 allows 255 bytes; Unicode spellings are shorter than their ASCII form or close to it. */
const DOMAIN_CHARS_MAX = 1024;
/**
 * URL section 3.2, forbidden domain code points: Node's function would silently stop reading at some of them. It does
 * not at < and >, which may be half of a letter that is allowed (U+226E is < and U+0338); whoever asked looks for them
 * in the answer.
 */
// oxlint-disable-next-line no-control-regex -- control characters are among them
const FORBIDDEN = /[\u0000-\u0020"#%/:?@[\\\]^`{|}\u007f]/;

/** @returns lower-case ASCII, or an empty string when it is no domain name */
export function domainToAscii(domain: string): string {
  return domain.length > DOMAIN_CHARS_MAX || FORBIDDEN.test(domain) ? '' : domainToASCII(domain);
}
