/** The threads in which packages are read and dependencies resolved, and the instance's policy of publishing. */
import type { Closers } from './closers.ts';
import type { Storage } from './open-storage.ts';
import type { Settings } from '../settings.ts';
import { PackageReader } from '../../registry/reader/index.ts';
import type { PublishingPorts } from '../../registry/publishing/index.ts';
import { ResolverThread } from '../../registry/resolver/index.ts';

/**
 * Far above what a registry of a thousand plugins needs, and short enough for a person who waits. Another organization's
 * turn may come first; no longer, for a transaction waits as well.
 */
const RESOLVE_BUDGET = { stepsMax: 5_000_000, wallTimeMsMax: 5_000, waitMsMax: 6_000 };

export function openPublishing(settings: Settings, storage: Storage, closers: Closers): PublishingPorts {
  const reader = closers.add('package reader', new PackageReader(), (opened) => opened.close());
  const thread = closers.add('resolver', new ResolverThread(), (opened) => opened.close());
  const decision = settings.review === 'none' ? 'allow' : 'hold';
  return {
    ...storage,
    reader,
    resolver: { resolve: (problem, orgId) => thread.resolve(problem, RESOLVE_BUDGET, orgId) },
    settings: {
      firstPackage: decision,
      morePermissions: decision,
      trustedPublishers: new Set(settings.trustedPublishers),
    },
    now: () => new Date(),
  };
}
