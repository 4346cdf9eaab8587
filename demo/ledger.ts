/** What ran, for the table at the end. */
import type { Screen } from './screen.ts';

export type Ledger = {
  /** @param result as a person would say it */
  readonly add: (what: string, result: string) => void;
  readonly show: (screen: Screen) => void;
};

export function createLedger(): Ledger {
  const rows: (readonly [string, string])[] = [];
  return {
    add: (what, result) => void rows.push([what, result]),
    show: (screen) => {
      const width = Math.max(...rows.map(([what]) => what.length));
      screen.chapter('What ran');
      for (const [what, result] of rows) screen.line(`  ${what.padEnd(width)}  ${result}`);
    },
  };
}
