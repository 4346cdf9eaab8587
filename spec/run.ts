/** What is said of a run of plugin code outside the sandbox as well: who stands behind it, what it may read, how it ended. */
import type { JsonValue } from './json.ts';
import type { FailedOutcome } from './outcome.ts';
import type { PluginId } from './plugin-id.ts';

/** Who stands behind a run; shown to the guest as `host.caller`. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly id: string; readonly role: 'member' | 'admin' | 'owner' | null }
  | { readonly kind: 'plugin'; readonly id: PluginId; readonly behind: Caller }
  | { readonly kind: 'system' };

/** A file that was handed to a run, and to no other. */
export type RunFile = {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  /** In lower-case hex. */
  readonly sha256: string;
};

/** What the guest threw. */
export type GuestError = {
  readonly message: string;
  readonly stack: string;
  /** The error's own `code`, where it is a word such as `group_not_found`. */
  readonly code?: string;
};

export type RunUsage = {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly hostCalls: number;
  /** Whether this run had to load the plugin first. */
  readonly cold: boolean;
};

/** How a run ended that was not `ok`. */
export type FailedRun = {
  readonly outcome: FailedOutcome;
  /** For the log and for administrators; never for strangers. */
  readonly reason: string;
  /** Source position and message of a guest error, mapped to the author's source where a map exists. */
  readonly guestError?: GuestError;
  /** For `loadShed`: when to try again. */
  readonly retryAfterMs?: number;
  readonly usage: RunUsage;
};

/** How the run of a named handler ended. */
export type HandlerEnd =
  | { readonly outcome: 'ok'; readonly value: JsonValue; readonly usage: RunUsage }
  | FailedRun;
