/** What members ask their administrators for. A request changes nothing; an administrator plans and answers. */
import { randomUUIDv7 } from 'node:crypto';
import { appendAudit, type Transaction } from '../../database/index.ts';
import { isPluginId, type PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { actorName } from './actor.ts';
import { underOrgLock, type Acting, type InstallationsContext } from './context.ts';
import { PluginRequestEntity, type PluginRequest } from './entities/index.ts';

export type RequestView = {
  readonly id: string;
  readonly plugin: PluginId;
  readonly reason: string;
  readonly state: 'open' | 'granted' | 'declined';
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly answer: string | null;
};

export type Decision = { readonly state: 'granted' | 'declined'; readonly answer: string };

const TEXT_CHARS_MAX = 1_000;
/** So that one member cannot bury the administrators. */
const OPEN_PER_MEMBER_MAX = 20;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

/**
 * Asks for a plugin. Asking again while the request is open answers with the open one.
 * @throws Refusal `plugin_request_invalid`, `plugin_requests_too_many`
 */
export async function requestPlugin(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  reason: string,
): Promise<RequestView> {
  if (!isPluginId(plugin)) throw invalid('This is no plugin id.');
  const text = checkedText(reason);
  return underOrgLock(context, acting.orgId, async (tx) => {
    const requestedBy = actorName(acting.actor);
    const open = await tx.em.find(PluginRequestEntity, { orgId: acting.orgId, state: 'open', requestedBy });
    const same = open.find(({ pluginId }) => pluginId === plugin);
    if (same) return toView(same);
    if (open.length >= OPEN_PER_MEMBER_MAX) {
      throw new Refusal('plugin_requests_too_many', { detail: `${open.length} requests of yours are open.` });
    }
    const request = tx.em.create(PluginRequestEntity, {
      id: randomUUIDv7(),
      orgId: acting.orgId,
      pluginId: plugin,
      reason: text,
      state: 'open',
      requestedBy,
      requestedAt: context.now(),
      decidedBy: null,
      decidedAt: null,
      answer: null,
    });
    tx.em.persist(request);
    await audit(tx, acting, 'plugin-request.made', request);
    return toView(request);
  });
}

/**
 * Closes a request with an answer. Installing is another step, with its own plan and consent.
 * @throws Refusal `plugin_request_not_found` for one that is unknown, decided or another organization's
 */
export async function decideRequest(
  context: InstallationsContext,
  acting: Acting,
  requestId: string,
  { state, answer }: Decision,
): Promise<RequestView> {
  const text = checkedText(answer);
  return underOrgLock(context, acting.orgId, async (tx) => {
    const where = { id: requestId, orgId: acting.orgId, state: 'open' } as const;
    const request = UUID.test(requestId) ? await tx.em.findOne(PluginRequestEntity, where) : null;
    if (!request) {
      throw new Refusal('plugin_request_not_found', {
        detail: 'The organization has no open request with this id.',
      });
    }
    Object.assign(request, {
      state,
      answer: text,
      decidedBy: actorName(acting.actor),
      decidedAt: context.now(),
    });
    await audit(tx, acting, `plugin-request.${state}`, request);
    return toView(request);
  });
}

/** Open ones first, then the newest. */
export async function listRequests(
  { database }: InstallationsContext,
  orgId: string,
): Promise<RequestView[]> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const order = { orderBy: { requestedAt: 'desc', id: 'desc' } } as const;
    const open = await tx.em.find(PluginRequestEntity, { orgId, state: 'open' }, order);
    const decided = await tx.em.find(PluginRequestEntity, { orgId, state: { $ne: 'open' } }, order);
    return [...open, ...decided].map(toView);
  });
}

function checkedText(text: string): string {
  if (text.length > TEXT_CHARS_MAX) {
    throw invalid(`The text has ${text.length} characters; at most ${TEXT_CHARS_MAX} are taken.`);
  }
  if (text.includes('\0') || !text.isWellFormed())
    throw invalid('The text holds U+0000 or half a surrogate pair.');
  return text;
}

function invalid(detail: string): Refusal {
  return new Refusal('plugin_request_invalid', { detail });
}

function toView({ orgId: _orgId, pluginId, ...request }: PluginRequest): RequestView {
  const { id, reason, state, requestedBy, requestedAt } = request;
  const decided = {
    decidedBy: request.decidedBy ?? null,
    decidedAt: request.decidedAt ?? null,
    answer: request.answer ?? null,
  };
  return { id, plugin: pluginId, reason, state, requestedBy, requestedAt, ...decided };
}

async function audit(
  tx: Transaction,
  { orgId, actor }: Acting,
  action: string,
  request: PluginRequest,
): Promise<void> {
  const scope = { kind: 'org', orgId } as const;
  await appendAudit(tx, {
    scope,
    actor,
    action,
    subject: `plugin:${request.pluginId}`,
    detail: { request: request.id },
  });
}
