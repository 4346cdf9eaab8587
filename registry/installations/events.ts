/** What happened to the installations of an organization, in the order in which it happened. */
import type { Transaction } from '../../database/index.ts';
import type { InstallationsContext } from './context.ts';
import {
  OrganizationEventEntity,
  type OrganizationEventData,
  type OrganizationEventType,
} from './entities/organization-event.ts';
import { statusOf } from './state.ts';

/** Notified with the organization's id when something happened there. */
export const EVENTS_CHANNEL = 'souk_organization_event';

/** Somebody who was away for longer looks at the list of installations instead. */
const KEPT_MS = 7 * 86_400_000;
const BATCH = 100;

export type OrganizationEvent = {
  /** A decimal number; grows from event to event of an organization, with gaps. */
  readonly id: string;
  readonly type: OrganizationEventType;
  readonly at: Date;
  readonly data: OrganizationEventData & { readonly status: 'READY' | 'DISABLED' | 'ERROR' };
};

/** @returns the next events after `after`, oldest first; call again until there are none */
export function readEvents(
  { database }: InstallationsContext,
  orgId: string,
  after: string,
): Promise<OrganizationEvent[]> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const where = { orgId, id: { $gt: after } };
    const rows = await tx.em.find(OrganizationEventEntity, where, { orderBy: { id: 'asc' }, limit: BATCH });
    return rows.map(({ id, type, at, data }) => ({
      id,
      type,
      at,
      data: { ...data, status: statusOf(data.state, data.health ?? null) },
    }));
  });
}

/** Beside the trigger: what is told of an installation whose row has not changed. */
export async function writeEvent(
  tx: Transaction,
  orgId: string,
  event: Pick<OrganizationEvent, 'type' | 'at'> & { readonly data: OrganizationEventData },
): Promise<void> {
  await tx.em.insert(OrganizationEventEntity, { orgId, ...event });
  await tx.notify(EVENTS_CHANNEL, orgId);
}

/** @returns the id of the newest event, for who wants to hear only what comes */
export function lastEventId({ database }: InstallationsContext, orgId: string): Promise<string> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const order = { orderBy: { id: 'desc' }, limit: 1 } as const;
    const [newest] = await tx.em.find(OrganizationEventEntity, { orgId }, order);
    return newest?.id ?? '0';
  });
}

/** @returns how many were old enough to be forgotten */
export function forgetEvents({ database, now }: InstallationsContext): Promise<number> {
  const before = new Date(now().getTime() - KEPT_MS);
  return database.transaction({ kind: 'instance' }, (tx) =>
    tx.em.nativeDelete(OrganizationEventEntity, { at: { $lt: before } }),
  );
}
