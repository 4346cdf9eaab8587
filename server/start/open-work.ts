/** Work that nobody waits for: the queues of all servers, and the jobs that go through them. */
import type { Closers } from './closers.ts';
import type { Logger } from '../log.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../../database/index.ts';
import type { Capability } from '../../sandbox/index.ts';
import {
  createCauses,
  eventCapabilities,
  jobCapabilities,
  openEvents,
  openJobs,
  openQueue,
  type Events,
  type HandlerRuns,
  type Jobs,
} from '../../services/index.ts';

type Ports = {
  readonly database: Database;
  readonly handlers: HandlerRuns;
  readonly log: Logger;
  /** Takes secrets that an installation has read out of a text. */
  readonly settings: Settings;
  readonly redact: (installationId: string, text: string) => string;
};

export type Work = {
  readonly jobs: Jobs;
  readonly events: Events;
  readonly capabilities: readonly Capability[];
  /** To be called once the sandbox is open: what runs in it ends before it does. */
  closeWith(closers: Closers, settings: Settings): void;
};

export async function openWork(ports: Ports, closers: Closers): Promise<Work> {
  const { database } = ports;
  const queue = closers.add('queue', await openQueue(database, ports.log), (opened) => opened.close());
  const causes = createCauses();
  const jobs = await openJobs({ ...ports, queue, causes });
  const events = await openEvents({ ...ports, queue, causes, attemptsMax: ports.settings.eventAttemptsMax });
  return {
    jobs,
    events,
    capabilities: [...jobCapabilities({ database, jobs, causes }), ...eventCapabilities(events)],
    closeWith: (later, { shutdownGraceMs }) => {
      const closeBoth = (): Promise<unknown> =>
        Promise.all([jobs.close(shutdownGraceMs), events.close(shutdownGraceMs)]);
      later.add('work', null, closeBoth);
    },
  };
}
