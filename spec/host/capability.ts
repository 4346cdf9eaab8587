/**
 * A host service as the sandbox's broker takes it. Structurally what sandbox/ports.ts describes, cut to what services
 * read: who makes one knows no sandbox, and the server hands the one to the other.
 */
import type { JsonObject, JsonValue } from '../json.ts';
import type { Permission } from '../permission.ts';
import type { Refusal } from '../refusal.ts';

/** The run on whose behalf a call is made, from the supervisor's own record. */
export type CapabilityContext = {
  readonly guest: { readonly installationId: string; readonly org: { readonly id: string } };
};

export type Capability<Context = CapabilityContext> = {
  readonly name: string;
  /** The permission that must be granted, computed from the checked arguments. */
  readonly requires: (args: JsonObject) => Permission | null;
  /** JSON Schema 2020-12 of the arguments: always one object. */
  readonly argumentSchema: JsonObject;
  /** Names of the arguments in the order in which the guest passes them. */
  readonly parameters?: readonly string[];
  readonly act: (args: JsonObject, context: Context) => Promise<JsonValue>;
};

/**
 * A body that belongs to the answer of a host call, and that the guest pulls piece by piece once it has the answer. It
 * ends with the signal of its call, whoever aborts that: the guest, or the end of the run.
 */
export type HostBody = {
  /**
   * @returns the next piece, of 1 to STREAM_LIMITS.pieceBytesMax bytes; then how it ended, with the reason for the guest
   *   where it broke off. Not to be called again before it has resolved, nor after the end; never rejects.
   */
  read(): Promise<Uint8Array | 'ended' | Refusal>;
};
