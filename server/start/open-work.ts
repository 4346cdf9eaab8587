/** Work that nobody waits for: the queues of all servers, and the jobs that go through them. */
import type { Closers } from './closers.ts';
import type { Logger } from '../log.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../../database/index.ts';
import type { Capability } from '../../sandbox/index.ts';
import {
  createCauses,
  eventCapabilities,
  guestJobs,
  jobCapabilities,
  openEvents,
  openFiles,
  openJobs,
  openQueue,
  openSchedules,
  type Events,
  type HandlerRuns,
  type Jobs,
  type Schedules,
} from '../../services/index.ts';

type Ports = {
  readonly database: Database;
  readonly handlers: HandlerRuns;
  readonly log: Logger;
  readonly settings: Settings;
};

export type WorkParts = {
  readonly jobs: Jobs;
  readonly events: Events;
  readonly schedules: Schedules;
};

export type Work = {
  readonly parts: WorkParts;
  readonly capabilities: readonly Capability[];
  /** To be called once the sandbox is open: what runs in it ends before it does. */
  closeWith(closers: Closers, settings: Settings): void;
};

export async function openWork(ports: Ports, closers: Closers): Promise<Work> {
  const { database } = ports;
  const queue = closers.add('queue', await openQueue(database, ports.log), (opened) => opened.close());
  const causes = createCauses();
  const jobs = await openJobs({ ...ports, queue, causes, files: openFiles(database) });
  const events = await openEvents({ ...ports, causes, attemptsMax: ports.settings.eventAttemptsMax });
  const schedules = await openSchedules({ database, jobs, log: ports.log });
  return {
    parts: { jobs, events, schedules },
    capabilities: [...jobCapabilities(guestJobs({ database, jobs, causes })), ...eventCapabilities(events)],
    closeWith: (later, { shutdownGraceMs }) => {
      const closeBoth = (): Promise<unknown> =>
        Promise.all([jobs.close(shutdownGraceMs), events.close(shutdownGraceMs)]);
      later.add('work', null, closeBoth);
      later.add('schedules', schedules, (opened) => opened.close());
    },
  };
}
