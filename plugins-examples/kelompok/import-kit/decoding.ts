/** Bytes to text: by the byte order mark where there is one, else by what was configured. */
import { ImportError } from './import-error.ts';

export const ENCODINGS = ['auto', 'utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'latin1'] as const;
export type EncodingChoice = (typeof ENCODINGS)[number];

/** Encoding Standard, section 6, "BOM sniff". */
const MARKS: readonly { readonly encoding: string; readonly bytes: readonly number[] }[] = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
];
const MARK_BYTES_MAX = 3;

/** What stands in the text for bytes that are no characters of the encoding. */
export const UNDECODABLE = '\uFFFD';

/**
 * @returns the text in pieces, without its mark
 * @throws ImportError `file_unreadable` where the first piece cannot be of the encoding
 */
export async function* decoded(
  bytes: AsyncIterable<Uint8Array>,
  choice: EncodingChoice,
): AsyncGenerator<string> {
  let head = new Uint8Array();
  let decoder: TextDecoder | undefined;
  for await (const chunk of bytes) {
    if (decoder) {
      yield decoder.decode(chunk, { stream: true });
      continue;
    }
    head = joined(head, chunk);
    if (head.length < MARK_BYTES_MAX) continue;
    decoder = decoderOf(head, choice);
    yield requireText(decoder.decode(head, { stream: true }));
  }
  const last = decoder ?? decoderOf(head, choice);
  yield last.decode(decoder ? new Uint8Array() : head);
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

function decoderOf(head: Uint8Array, choice: EncodingChoice): TextDecoder {
  const mark = MARKS.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte));
  return new TextDecoder(mark?.encoding ?? (choice === 'auto' ? 'utf-8' : choice));
}

/** Every other character of UTF-16 that was taken for UTF-8 is U+0000, and every fourth of UTF-32. */
function requireText(text: string): string {
  const first = text.slice(0, 1_000);
  const zeros = first.split('\0').length - 1;
  if (zeros * 4 < first.length) return text;
  throw new ImportError(
    'file_unreadable',
    'The file is full of the character U+0000: it is UTF-16 without a byte order mark, or no text. For UTF-16 set "encoding" to utf-16le or utf-16be.',
  );
}
