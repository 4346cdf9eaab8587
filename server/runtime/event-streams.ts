/**
 * Server-sent events of one organization (WHATWG HTML, section 9.2), from tables that all servers share: a
 * notification only wakes, what is sent is read. A stream reads when its client has taken what came before, so one
 * that is slow holds back nothing but itself.
 */
import type { Database } from '../../database/index.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import type { JsonObject } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';

/** One event as it is sent. */
export type StreamEvent = { readonly id: string; readonly type: string; readonly data: JsonObject };

/** What a stream is about. */
export type StreamSource = {
  readonly orgId: string;
  /** One of those that were given to `openEventStreams`; notified with the organization's id. */
  readonly channel: string;
  /** @returns the id of the newest event, for who wants to hear only what comes */
  newest(): Promise<string>;
  /** @returns the next events after `after`, oldest first; none where there are none */
  read(after: string): Promise<readonly StreamEvent[]>;
};

export type EventStreams = {
  /**
   * @param after id of the last event that the client has; null for what happens from now on
   * @throws Refusal `event_streams_too_many`
   */
  open(source: StreamSource, after: string | null): Promise<ReadableStream<Uint8Array>>;
  /** Ends every stream; clients come back, to another server while this one stops. */
  close(): void;
};

/** What an answer that is a stream is sent with. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // A proxy that collects an answer before it passes it on would pass on nothing.
  'x-accel-buffering': 'no',
};

/** Within what PostgreSQL's bigint holds. */
const EVENT_ID = /^\d{1,18}$/u;

/** @throws Refusal `request_invalid` for a Last-Event-ID that no stream of ours gave */
export function lastEventIdOf(raw: Request): string | null {
  const id = raw.headers.get('last-event-id');
  if (id === null || EVENT_ID.test(id)) return id;
  throw new Refusal('request_invalid', { detail: 'Last-Event-ID is no id of an event.' });
}

type Wakeup = 'news' | 'heartbeat' | 'over';

/** A comment now and then tells proxies that the stream lives. */
const HEARTBEAT_MS = 15_000;
/** A stream ends and the client comes back, so that who lost access is heard no longer than this. */
const STREAM_MS_MAX = 5 * 60_000;
const ENCODER = new TextEncoder();

export async function openEventStreams(
  { notifications }: Pick<Database, 'notifications'>,
  channels: readonly string[],
): Promise<EventStreams> {
  const streams = new Set<Subscriber>();
  const state = { isClosed: false };
  const stopListening = await Promise.all(
    channels.map((channel) => {
      const wake = (orgId: string | null): void => {
        for (const stream of streams) {
          if (stream.channel === channel && (orgId === null || stream.orgId === orgId)) stream.tell();
        }
      };
      return notifications.listen(channel, { notified: wake, connected: () => wake(null) });
    }),
  );
  return {
    open: async (source, after) => {
      requireRoom(streams, source.orgId);
      const leave = (): void => {
        subscriber.end();
        streams.delete(subscriber);
      };
      // The seat is free again after that time even if nobody ever read the stream, nor cancelled it.
      const subscriber = new Subscriber(source, leave);
      streams.add(subscriber);
      // A request that was under way when the server began to stop: its stream begins, and ends.
      if (state.isClosed) subscriber.end();
      const start = after ?? (await source.newest().catch(rethrowAfter(leave)));
      return streamOf(subscriber, source, start, leave);
    },
    close: () => {
      state.isClosed = true;
      for (const stop of stopListening) stop();
      for (const stream of streams) stream.end();
    },
  };
}

function rethrowAfter(leave: () => void): (error: unknown) => never {
  return (error) => {
    leave();
    throw error;
  };
}

function requireRoom(streams: ReadonlySet<Subscriber>, orgId: string): void {
  const ofOrg = [...streams].filter((stream) => stream.orgId === orgId).length;
  const { eventStreamsMax, eventStreamsPerOrganizationMax } = HTTP_LIMITS;
  if (ofOrg < eventStreamsPerOrganizationMax && streams.size < eventStreamsMax) return;
  throw new Refusal('event_streams_too_many', {
    detail: `${ofOrg} streams of this organization are open on this server.`,
  });
}

function streamOf(
  subscriber: Subscriber,
  source: StreamSource,
  start: string,
  leave: () => void,
): ReadableStream<Uint8Array> {
  let last = start;
  return new ReadableStream<Uint8Array>({
    // The id of the beginning, so that a client that hears nothing before it comes back misses nothing.
    start: (controller) => controller.enqueue(ENCODER.encode(`retry: 1000\nid: ${start}\n\n`)),
    pull: async (controller) => {
      subscriber.catchUp();
      let events = subscriber.isOver ? [] : await source.read(last);
      let wakeup: Wakeup = subscriber.isOver ? 'over' : 'news';
      while (events.length === 0 && wakeup === 'news') {
        wakeup = await subscriber.wait();
        subscriber.catchUp();
        if (wakeup === 'news') events = await source.read(last);
      }
      if (wakeup === 'over') {
        leave();
        return controller.close();
      }
      last = events.at(-1)?.id ?? last;
      controller.enqueue(ENCODER.encode(events.length > 0 ? events.map(format).join('') : ':\n\n'));
    },
    cancel: leave,
  });
}

/** JSON has no line break outside of its strings' escapes, so it is one line of data. */
function format({ id, type, data }: StreamEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Who waits for news of one kind in one organization. News that comes while it reads is not lost. */
class Subscriber {
  readonly orgId: string;
  readonly channel: string;
  isOver = false;
  #hasNews = false;
  #waiting: ((wakeup: Wakeup) => void) | undefined;
  readonly #endTimer: NodeJS.Timeout;

  /** @param expire called when the stream has lasted as long as it may */
  constructor({ orgId, channel }: Pick<StreamSource, 'orgId' | 'channel'>, expire: () => void) {
    this.orgId = orgId;
    this.channel = channel;
    this.#endTimer = setTimeout(expire, STREAM_MS_MAX).unref();
  }

  tell(): void {
    this.#hasNews = true;
    this.#waiting?.('news');
  }

  /** Whoever reads now has heard of everything so far. */
  catchUp(): void {
    this.#hasNews = false;
  }

  end(): void {
    this.isOver = true;
    clearTimeout(this.#endTimer);
    this.#waiting?.('over');
  }

  async wait(): Promise<Wakeup> {
    if (this.isOver) return 'over';
    if (this.#hasNews) return 'news';
    const { promise, resolve } = Promise.withResolvers<Wakeup>();
    this.#waiting = resolve;
    const timer = setTimeout(() => resolve('heartbeat'), HEARTBEAT_MS).unref();
    const wakeup = await promise;
    clearTimeout(timer);
    this.#waiting = undefined;
    return wakeup;
  }
}
