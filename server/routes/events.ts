/** What happens in an organization, as it happens. */
import { Refusal } from '../../spec/refusal.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoQuery, OrgParams } from './schemas.ts';

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // A proxy that collects an answer before it passes it on would pass on nothing.
  'x-accel-buffering': 'no',
};
/** Within what PostgreSQL's bigint holds. */
const EVENT_ID = /^\d{1,18}$/u;

export function eventRoutes({ eventStreams }: Services): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/orgs/:org/events',
      tag: 'installations',
      summary:
        'Server-sent events: installation.created, updated, deleted and status_changed. Resumes after Last-Event-ID, for seven days.',
      access: { kind: 'org', role: 'member', scope: 'orgs:read' },
      params: OrgParams,
      query: NoQuery,
      body: 'none',
      answers: { 200: 'text/event-stream' },
      handle: async ({ caller, raw }) => {
        const after = raw.headers.get('last-event-id');
        if (after !== null && !EVENT_ID.test(after)) {
          throw new Refusal('request_invalid', { detail: 'Last-Event-ID is no id of an event.' });
        }
        return { status: 200, bytes: await eventStreams.open(caller.org.id, after), headers: HEADERS };
      },
    }),
  ];
}
