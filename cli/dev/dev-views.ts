/** What the plugins of one `souk dev` have done: `GET /dev/` and one of `mail`, `jobs`, `events`, `records`, `imports`. */
import { Refusal } from '../../spec/refusal.ts';
import type { DevSession } from './dev-session.ts';

/** @throws Refusal `not_found`, `job_not_found` */
export function viewOf({ services }: DevSession, [what, id]: readonly string[]): object {
  switch (what) {
    case 'mail':
      return { items: services.mail.outbox };
    case 'jobs':
      return id ? jobOf(services, id) : { items: services.jobs.all() };
    case 'events':
      return { items: services.events.emitted, waiting: services.events.waiting() };
    case 'records':
      return { items: services.records.all() };
    case 'imports':
      return { items: services.records.imports() };
    default:
      throw new Refusal('not_found', {
        detail: 'To be read are /dev/mail, /dev/jobs, /dev/events, /dev/records and /dev/imports.',
      });
  }
}

function jobOf({ jobs }: DevSession['services'], id: string): object {
  const job = jobs.all().find((each) => each.id === id);
  if (job) return job;
  throw new Refusal('job_not_found', { detail: 'There is no job of this id.' });
}
