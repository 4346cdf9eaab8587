/** What the demo says: chapters, steps with their time, and what came of them. Plain lines, on a terminal and in a pipe. */
import { printable } from '../cli/io.ts';

export type Screen = {
  readonly line: (text: string) => void;
  readonly chapter: (title: string) => void;
  /** Does the work, then says that it is done and how long it took; a step that throws is marked and throws on. */
  readonly step: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  /** What a step printed or answered, indented below it. */
  readonly shown: (lines: readonly string[]) => void;
  /** What comes after this is not said: the story was cut short. */
  readonly close: () => void;
};

export function createScreen(write: (text: string) => void): Screen {
  let say = write;
  const line = (text: string): void => say(`${printable(text)}\n`);
  return {
    line,
    chapter: (title) => line(`\n${title}`),
    step: async (title, work) => {
      const startedMs = performance.now();
      const mark = (sign: string): void => line(`  ${sign} ${title}  (${since(startedMs)})`);
      try {
        const result = await work();
        mark('✓');
        return result;
      } catch (error) {
        mark('✗');
        throw error;
      }
    },
    shown: (lines) => lines.forEach((text) => line(`      ${text}`)),
    close: () => void (say = () => {}),
  };
}

/** @returns such as `0.42 s` */
export function since(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(2)} s`;
}
