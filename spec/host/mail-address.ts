/**
 * Mail addresses, in the form in which people write one: `ada@example.org` or `Ada Lovelace <ada@example.org>`. Comments,
 * quoted local parts, groups and address literals of RFC 5322 are not taken: nobody's address needs them, and parsers
 * read them differently.
 */

export type MailAddress = { readonly name: string; readonly address: string };

/** RFC 5322 section 3.2.3 dot-atom, letters beyond ASCII included (RFC 6531). */
const LOCAL = /^[^\s\p{C}"(),:;<>@[\\\]]{1,64}$/u;
const LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u;
/** What stands before the brackets; a line break would begin another header. */
const NAME = /^[^\p{C}"<>\\]{1,128}$/u;
/** RFC 5321 section 4.5.3.1.3, the brackets taken off. */
const ADDRESS_BYTES_MAX = 254;

/** @returns undefined for text that is no address */
export function parseMailAddress(text: string): MailAddress | undefined {
  const named = /^(.*?)\s*<([^<>]*)>$/su.exec(text);
  const name = (named?.[1] ?? '').trim();
  const address = named?.[2] ?? text;
  if (named && name !== '' && !NAME.test(name)) return undefined;
  return isPlainAddress(address) ? { name, address } : undefined;
}

function isPlainAddress(address: string): boolean {
  const at = address.lastIndexOf('@');
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  if (at < 1 || Buffer.byteLength(address, 'utf8') > ADDRESS_BYTES_MAX || !address.isWellFormed())
    return false;
  const hasEmptyAtom = local.split('.').includes('');
  return LOCAL.test(local) && !hasEmptyAtom && isDomain(domain);
}

function isDomain(domain: string): boolean {
  return domain.length <= 253 && domain.split('.').every((label) => LABEL.test(label));
}
