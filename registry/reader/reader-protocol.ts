/** What goes between `PackageReader` and its worker threads. Everything is plain data, buffers are transferred. */
import type { ErrorCode } from '../../spec/error-codes.ts';
import type { JsonValue } from '../../spec/json.ts';
import { Refusal, type Violation } from '../../spec/refusal.ts';
import type { Inspection, InspectionContext } from '../inspection/inspect-package.ts';
import type { ReadPackage } from '../package/read-package.ts';

/** A package that was read and inspected. */
export type InspectedPackage = {
  /** The bytes that were handed in, unchanged. */
  readonly archive: Uint8Array;
  readonly read: ReadPackage;
  readonly inspection: Inspection;
};

/** Without a context the package is only read: it was inspected when it was published. */
export type ReaderRequest = { readonly archive: Uint8Array; readonly context: InspectionContext | null };

/** A refusal as data. Causes stay behind: they may hold what must not leave. */
export type RefusalData = {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint: string;
  readonly violations: readonly Violation[];
  readonly extensions: Readonly<Record<string, JsonValue>>;
};

/** `read` comes once, between the two stages; then exactly one of the others ends the request. */
export type ReaderReply =
  | { readonly kind: 'read' }
  | { readonly kind: 'inspected'; readonly result: InspectedPackage }
  | { readonly kind: 'onlyRead'; readonly result: { readonly read: ReadPackage } }
  | { readonly kind: 'refused'; readonly refusal: RefusalData }
  | { readonly kind: 'failed'; readonly message: string };

export function toRefusalData(refusal: Refusal): RefusalData {
  const { code, message: detail, hint, violations, extensions } = refusal;
  return { code, detail, hint, violations, extensions };
}

export function fromRefusalData({ code, ...details }: RefusalData): Refusal {
  return new Refusal(code, details);
}
