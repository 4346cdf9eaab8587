import type { JsonObject } from '../spec/json.ts';
import { Refusal } from '../spec/refusal.ts';
import { visibleJson } from '../spec/visible-json.ts';
import { EXIT_CODES, type ExitCode } from './exit-code.ts';
import { type Io, printable } from './io.ts';

/** What a verb has to say, once for people and once for programs. */
export type Report = {
  readonly exitCode: ExitCode;
  /** Each is printed as one line, whatever texts of strangers it holds. */
  readonly lines: readonly string[];
  /** Null where everything has been printed as it came. */
  readonly data: object | null;
};

export type ReportFormat = 'text' | 'json';

/** Prints a report on standard output: the lines, or with `json` one object on one line. */
export function printReport(io: Io, format: ReportFormat, report: Report): void {
  switch (format) {
    case 'text':
      for (const line of report.lines) io.writeOut(`${printable(oneLine(line))}\n`);
      return;
    case 'json':
      if (report.data !== null) io.writeOut(`${visibleJson(JSON.stringify(report.data))}\n`);
  }
}

/**
 * Prints why a verb failed: a refusal with code, what was found and how to mend it; a fault without its insides.
 * Text goes to standard error; JSON to standard output, so that a program has one place to read.
 */
export function printFailure(io: Io, format: ReportFormat, error: unknown): ExitCode {
  const refusal = error instanceof Refusal ? error : undefined;
  switch (format) {
    case 'text':
      io.writeError(
        `${(refusal ? refusalLines(refusal) : faultLines(error)).map((line) => printable(indented(line))).join('\n')}\n`,
      );
      break;
    case 'json':
      io.writeOut(
        `${visibleJson(JSON.stringify({ error: refusal ? refusalData(refusal) : { code: 'internal_error' } }))}\n`,
      );
  }
  return refusal ? EXIT_CODES.refused : EXIT_CODES.fault;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/gu, ' ');
}

/** An explanation may have several lines; none but the first stands where ours do. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n         ');
}

function refusalLines(refusal: Refusal): string[] {
  // One violation that says the same as the detail is no news.
  const violations = refusal.violations.length > 1 ? refusal.violations : [];
  const { requestId } = refusal.extensions;
  return [
    `refused: ${refusal.code}`,
    `  rule:  ${refusal.entry.title}`,
    `  found: ${refusal.message}`,
    ...violations.map(
      ({ pointer, message, hint }) => `    - ${pointer}: ${message}${hint ? ` (${hint})` : ''}`,
    ),
    `  mend:  ${refusal.hint}`,
    ...(refusal.entry.kind === 'fault' && typeof requestId === 'string'
      ? [`  request id: ${requestId}`]
      : []),
  ];
}

function refusalData(refusal: Refusal): JsonObject {
  return {
    code: refusal.code,
    title: refusal.entry.title,
    detail: refusal.message,
    hint: refusal.hint,
    violations: refusal.violations.map((violation) => ({ ...violation })),
    ...refusal.extensions,
  };
}

function faultLines(error: unknown): string[] {
  return ['souk failed: internal_error', `  ${error instanceof Error ? error.message : String(error)}`];
}
