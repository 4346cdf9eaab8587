/** What happens in an organization, as it happens. */
import { EVENTS_CHANNEL, type Installations } from '../../registry/installations/index.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import { EVENT_STREAM_HEADERS, lastEventIdOf, type StreamSource } from '../runtime/event-streams.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Services } from '../services.ts';
import { NoQuery, OrgParams } from './schemas.ts';

export function eventRoutes({ eventStreams, installations }: Services): Route[] {
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
        const after = lastEventIdOf(raw);
        const bytes = await eventStreams.open(sourceOf(installations, caller.org.id), after);
        return { status: 200, bytes, headers: EVENT_STREAM_HEADERS };
      },
    }),
  ];
}

function sourceOf(installations: Installations, orgId: string): StreamSource {
  return {
    orgId,
    channel: EVENTS_CHANNEL,
    newest: () => installations.lastEventId(orgId),
    read: async (after) => {
      const events = await installations.readEvents(orgId, after);
      return events.map(({ id, type, at, data }) => ({
        id,
        type,
        data: toJson({ ...data, at }) as JsonObject,
      }));
    },
  };
}
