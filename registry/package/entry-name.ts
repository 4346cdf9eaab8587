/**
 * Names of entries (APPNOTE 6.3.10, section 4.4.17 and appendix D): UTF-8, relative, `/` between the parts, and one
 * spelling that means the same file on every system that a package may be unpacked on.
 */
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import { refuseEntry } from './refuse.ts';

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

declare const entryPathBrand: unique symbol;
/** The name of an entry that keeps every rule of this file. A folder's name ends in `/`. */
export type EntryPath = string & { readonly [entryPathBrand]: true };

/**
 * @param isMarkedUtf8 general purpose flag bit 11
 * @throws Refusal `archive_name_encoding`, `archive_name_flag`
 */
export function decodeName(nameBytes: Buffer, isMarkedUtf8: boolean): string {
  const name = decodeStrictly(nameBytes);
  // Without bit 11 a name is in code page 437, in which these bytes mean other letters.
  if (!isMarkedUtf8 && nameBytes.some((byte) => byte > 0x7f))
    refuseEntry('archive_name_flag', name, 'Its name has letters beyond ASCII and no UTF-8 flag.');
  return name;
}

function decodeStrictly(nameBytes: Buffer): string {
  try {
    return STRICT_UTF8.decode(nameBytes);
  } catch {
    return refuseEntry('archive_name_encoding', nameBytes.toString('latin1'), 'Its name is not UTF-8.');
  }
}

type Rule = {
  readonly code: Parameters<typeof refuseEntry>[0];
  readonly found: string;
  readonly breaks: (name: string, segments: readonly string[]) => boolean;
};

/** Stems that Windows opens as devices, whatever follows the first dot; the superscript digits count as digits. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9¹²³])$/iu;

/**
 * The form that Windows gives a longer name as a second name (8.3): `manifest.json` is also `MANIFE~1.JSO`, so that a
 * file of that name is written over it where it is unpacked.
 */
const SHORT_FORM = /^(?=[^.]{3,8}(?:\.|$))[^.]{1,6}~[0-9]+(?:\.[^.]{1,3})?$/u;

/**
 * Not allowed anywhere: control, format, surrogate, private-use and unassigned code points, separators other than the
 * plain space, what renders as nothing, U+FFFD (which stands for bytes that could not be read), and the punctuation
 * that Windows or a shell takes for something else.
 */
const FORBIDDEN_CHARACTER = /[\p{C}\p{Default_Ignorable_Code_Point}\ufffd:*?"<>|]|(?! )\p{Z}/u;

/** In order: the first rule that a name breaks is the one that is reported. */
const RULES: readonly Rule[] = [
  { code: 'archive_name_empty', found: 'Its name is empty.', breaks: (name) => name === '' },
  {
    code: 'archive_name_too_long',
    found: `Its name has more than ${PACKAGE_LIMITS.nameBytesMax} bytes.`,
    breaks: (name) => Buffer.byteLength(name) > PACKAGE_LIMITS.nameBytesMax,
  },
  {
    code: 'archive_name_backslash',
    found: 'Its name has a backslash.',
    breaks: (name) => name.includes('\\'),
  },
  {
    code: 'archive_name_absolute',
    found: 'Its name begins with a slash or a drive.',
    breaks: (name) => name.startsWith('/') || /^[a-z]:/iu.test(name),
  },
  {
    code: 'archive_name_traversal',
    found: 'A part of its name is . or ..',
    breaks: (_, segments) => segments.some((segment) => segment === '.' || segment === '..'),
  },
  {
    code: 'archive_name_empty',
    found: 'A part of its name is empty.',
    breaks: (_, segments) => segments.includes(''),
  },
  {
    code: 'archive_name_character',
    found: 'Its name has a character that is invisible or has a meaning to some system.',
    breaks: (name) => FORBIDDEN_CHARACTER.test(name),
  },
  {
    code: 'archive_name_reserved',
    found: 'A part of its name is a device on Windows.',
    breaks: (_, segments) => segments.some((segment) => DEVICE.test(segment.split('.')[0]?.trimEnd() ?? '')),
  },
  {
    code: 'archive_name_reserved',
    found: 'A part of its name is the short form that Windows gives to a longer name.',
    breaks: (_, segments) => segments.some((segment) => SHORT_FORM.test(segment)),
  },
  {
    code: 'archive_name_normalization',
    found: 'Its name is not stable under the normal forms NFC and NFKC.',
    breaks: (name) =>
      /[^ -~]/u.test(name) && (name.normalize('NFC') !== name || name.normalize('NFKC') !== name),
  },
  {
    code: 'archive_name_trailing',
    found: 'A part of its name ends in a dot or a space.',
    breaks: (_, segments) => segments.some((segment) => /[. ]$/u.test(segment)),
  },
  {
    code: 'archive_name_too_long',
    found: `A part of its name has more than ${PACKAGE_LIMITS.nameSegmentBytesMax} bytes.`,
    breaks: (_, segments) =>
      segments.some((segment) => Buffer.byteLength(segment) > PACKAGE_LIMITS.nameSegmentBytesMax),
  },
  {
    code: 'archive_name_too_deep',
    found: `Its name has more than ${PACKAGE_LIMITS.nameDepthMax} parts.`,
    breaks: (_, segments) => segments.length > PACKAGE_LIMITS.nameDepthMax,
  },
];

/** @throws Refusal `archive_name_*`, by the first rule that the name breaks */
export function checkName(name: string): EntryPath {
  const segments = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
  const broken = RULES.find((rule) => rule.breaks(name, segments));
  if (broken) refuseEntry(broken.code, name, broken.found);
  return name as EntryPath;
}

/** @returns whether the name is that of a folder (4.3.8). */
export function isFolderPath(path: EntryPath): boolean {
  return path.endsWith('/');
}
