import type { PluginId } from '../../spec/plugin-id.ts';
import type {
  Plugin,
  PluginVersion,
  SignatureState,
  StoredFinding,
  VersionState,
  Visibility,
} from '../entities/index.ts';

/** The answer to who published. */
export type Publication = {
  /** `already_published`: the same bytes came before, and nothing was changed but, at most, a renewed signature. */
  readonly outcome: 'published' | 'already_published';
  readonly plugin: PluginId;
  readonly version: string;
  readonly visibility: Visibility;
  /** `held` waits for review and is offered to nobody yet. */
  readonly state: VersionState;
  /** Why it is held or was rejected. */
  readonly stateReason: string | undefined;
  readonly signature: SignatureState;
  readonly archiveSha256: string;
  readonly archiveBytes: number;
  readonly acceptedAt: Date;
  /** What watched rules of the inspection found. */
  readonly findings: readonly StoredFinding[];
};

export function describePublication(
  outcome: Publication['outcome'],
  { plugin, version }: { readonly plugin: Plugin; readonly version: PluginVersion },
): Publication {
  return {
    outcome,
    plugin: `${plugin.publisher}/${plugin.name}`,
    version: version.version,
    visibility: plugin.visibility,
    state: version.state,
    stateReason: version.stateReason ?? undefined,
    signature: version.signature,
    archiveSha256: version.archiveDigest,
    archiveBytes: version.archiveBytes,
    acceptedAt: version.acceptedAt,
    findings: version.findings,
  };
}
