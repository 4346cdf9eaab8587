/** What `souk dev` tells: lines for people, or with `--json` one object on one line for each event. */
import type { JsonObject } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { visibleJson } from '../../spec/visible-json.ts';
import { type Io, printable } from '../io.ts';
import type { ReportFormat } from '../report.ts';

export type DevEvent = { readonly event: string } & JsonObject;
export type DevLog = {
  /** @param text lines for people */
  say(event: DevEvent, text: string): void;
  /** Why something did not work; anything but a refusal is a fault of ours. */
  fail(event: DevEvent, error: unknown): void;
};

export function createDevLog(io: Io, format: ReportFormat): DevLog {
  const say = (event: DevEvent, text: string): void => {
    const line = format === 'json' ? visibleJson(JSON.stringify(event)) : printable(text);
    io.writeOut(`${line}\n`);
  };
  return {
    say,
    fail: (event, error) => {
      if (error instanceof Refusal) {
        const { code, message, hint, violations } = error;
        const more = violations.map((violation) => `\n    - ${violation.pointer}: ${violation.message}`);
        const listed = violations.length > 1 ? more.join('') : '';
        say(
          { ...event, code, detail: message, hint },
          `refused  ${code}: ${message}${listed}\n  mend:  ${hint}`,
        );
      } else {
        const detail = error instanceof Error ? error.message : String(error);
        say({ ...event, code: 'internal_error', detail }, `failed   ${detail}`);
      }
    },
  };
}
