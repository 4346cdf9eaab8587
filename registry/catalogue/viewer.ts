import type { Scope } from '../../database/index.ts';
import { Fault } from '../../spec/refusal.ts';

/** Who looks at the catalogue. An org sees what is public, its own, and what it was granted; the instance sees all. */
export type Viewer =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'org'; readonly orgId: string }
  | { readonly kind: 'instance' };

/** RFC 9562, section 5.9: the UUID that is never given to anything, hence the scope of an org that owns nothing. */
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** The scope in which row level security shows exactly what the viewer may see. */
export function scopeOfViewer(viewer: Viewer): Scope {
  switch (viewer.kind) {
    case 'anonymous':
      return { kind: 'org', orgId: NIL_UUID };
    case 'org':
    case 'instance':
      return viewer;
    default:
      throw new Fault(`unknown viewer ${String(viewer satisfies never)}`);
  }
}

/** @returns whether the viewer also sees versions of the plugin that wait for review or were rejected */
export function seesUnapproved(viewer: Viewer, ownerOrgId: string): boolean {
  return viewer.kind === 'instance' || (viewer.kind === 'org' && viewer.orgId === ownerOrgId);
}
