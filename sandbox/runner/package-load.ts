/** Brings a package into its isolate, from the frame that carries it. */
import type { FailureHead, LoadHead } from '../protocol/heads.ts';
import type { EntryEnd, GuestIsolate } from './guest-isolate.ts';
import type { PackageFiles } from './modules.ts';
import { failureOfBroken, type Failure, type Home } from './state.ts';

export type PackageLoad = {
  /** Why the package cannot run after its modules were evaluated, if so. */
  readonly failure: Failure | undefined;
  readonly cpuUs: number;
};

export function loadPackage(
  home: Home,
  isolate: GuestIsolate,
  head: LoadHead,
  body: Buffer,
  limitMs: number,
): PackageLoad {
  const end = isolate.load(head.main, filesOf(head, body), limitMs);
  return { failure: home.failure ?? loadFailure(home, end), cpuUs: end.cpuUs };
}

function filesOf(head: LoadHead, body: Buffer): PackageFiles {
  const files = new Map<string, string>();
  let at = 0;
  for (const { path, bytes } of head.files) {
    files.set(path, body.toString('utf8', at, at + bytes));
    at += bytes;
  }
  return files;
}

function loadFailure(home: Home, end: EntryEnd): Failure | undefined {
  if (end.kind === 'broken') return failureOfBroken(end);
  if (end.kind === 'stray') return exception({ reason: end.message, message: end.message, stack: end.stack });
  return home.adopted ? undefined : exception({ reason: 'the package did not finish loading' });
}

const exception = (head: FailureHead): Failure => ({ outcome: 'exception', head });
