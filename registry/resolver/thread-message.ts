/** What passes between `resolver-thread.ts` and the worker `thread-main.ts`: one task, one answer. */
import type { ErrorCode } from '../../spec/error-codes.ts';
import type { JsonValue } from '../../spec/json.ts';
import type { ResolutionProblem } from './problem.ts';
import type { Resolution } from './resolution.ts';

export type ThreadTask = {
  readonly problem: ResolutionProblem;
  readonly stepsMax: number;
  readonly wallTimeMsMax: number;
};

export type ThreadAnswer =
  | { readonly kind: 'resolved'; readonly resolution: Resolution }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly detail: string;
      readonly hint: string;
      readonly extensions: Readonly<Record<string, JsonValue>>;
    }
  | { readonly kind: 'failed'; readonly message: string };
