/** Jobs of plugins for `host.jobs`. */
import type { Database } from '../../database/index.ts';
import type { JobPort } from '../../spec/host/jobs.ts';
import type { Causes } from '../../spec/host/causes.ts';
import type { Jobs } from './jobs.ts';

type Ports = { readonly database: Database; readonly jobs: Jobs; readonly causes: Causes };

/** A plugin wants a job in a transaction of its own, at the depth of the run that asks for it. */
export function guestJobs({ database, jobs, causes }: Ports): JobPort {
  return {
    enqueue: ({ orgId, plugin, command, args, caller, requestId, delayMs }) => {
      const work = { kind: 'command', plugin, command, args } as const;
      const depth = causes.depthOf(requestId);
      return database.transaction({ kind: 'org', orgId }, (tx) =>
        jobs.enqueue(tx, orgId, { work, caller, depth, delayMs }),
      );
    },
    read: (orgId, id) => jobs.read(orgId, id, 'all'),
    progress: (requestId, progress) => jobs.progress(requestId, progress),
  };
}
