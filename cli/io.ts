import { text as readText } from 'node:stream/consumers';

/** What the command touches of the process around it; a test brings its own. */
export type Io = {
  /** Where relative paths begin. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** All of standard input, as text; for what must not stand on a command line. */
  readonly readIn: () => Promise<string>;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Ends what would go on for ever. Absent where an interrupt ends the whole process. */
  readonly signal?: AbortSignal;
};

export function processIo(): Io {
  return {
    cwd: process.cwd(),
    environment: process.env,
    readIn: () => readText(process.stdin),
    writeOut: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
  };
}

/**
 * Text that is safe on a terminal and in a pipe: a stranger's manifest or file name may hold escape sequences, and
 * characters that reorder a line. Line breaks are kept.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
