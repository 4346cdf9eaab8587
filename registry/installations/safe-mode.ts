/**
 * Safe mode: the brake of the whole instance. While it is on no plugin runs anywhere: no call, no hook, no health test.
 * Nothing that is installed changes, so that everything goes on as before when it ends.
 */
import { appendAudit, type AuditActor, type Database, type Transaction } from '../../database/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { actorName } from './actor.ts';
import type { InstallationsContext, RuntimePort, RuntimeVerdict } from './context.ts';
import { SafeModeEntity } from './entities/safe-mode.ts';
import { CHANGES_CHANNEL } from './guest-cache.ts';

export type SafeMode =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly reason: string; readonly since: Date; readonly setBy: string };

const THE_ROW = { id: 1 };
const REASON_CHARS_MAX = 500;

export function readSafeMode({ database }: InstallationsContext): Promise<SafeMode> {
  return database.transaction({ kind: 'instance' }, loadSafeMode);
}

async function loadSafeMode(tx: Transaction): Promise<SafeMode> {
  const row = await tx.em.findOne(SafeModeEntity, THE_ROW);
  if (!row) return { kind: 'off' };
  const { reason, since, setBy } = row;
  return { kind: 'on', reason, since, setBy };
}

/**
 * Turns it on, on every server. Whoever calls has made sure that an administrator of the instance asks.
 * @param reason is shown to whoever calls a plugin meanwhile
 * @throws Refusal `safe_mode_reason_invalid`
 */
export async function beginSafeMode(
  context: InstallationsContext,
  actor: AuditActor,
  reason: string,
): Promise<SafeMode> {
  const text = checkedReason(reason);
  await change(context, actor, 'safe-mode.begun', async (tx) => {
    const row = { ...THE_ROW, reason: text, since: context.now(), setBy: actorName(actor) };
    await tx.em.upsert(SafeModeEntity, row);
  });
  return readSafeMode(context);
}

/** Turns it off; where it is off nothing changes. */
export async function endSafeMode(context: InstallationsContext, actor: AuditActor): Promise<void> {
  await change(context, actor, 'safe-mode.ended', async (tx) => {
    await tx.em.nativeDelete(SafeModeEntity, THE_ROW);
  });
}

async function change(
  { database, cache }: InstallationsContext,
  actor: AuditActor,
  action: string,
  work: (tx: Transaction) => Promise<void>,
): Promise<void> {
  await database.transaction({ kind: 'instance' }, async (tx) => {
    await work(tx);
    await tx.em.execute('select pg_notify(?, ?)', [CHANGES_CHANNEL, '*']);
    tx.afterCommit(() => cache.forgetAll());
    await appendAudit(tx, { scope: { kind: 'instance' }, actor, action, subject: 'instance' });
  });
}

function checkedReason(reason: string): string {
  const text = reason.trim();
  const isSound = text.length > 0 && text.length <= REASON_CHARS_MAX && text.isWellFormed();
  if (isSound && !text.includes('\0')) return text;
  throw new Refusal('safe_mode_reason_invalid', {
    detail: `The reason has ${text.length} characters, or some that cannot be stored.`,
  });
}

/** What shall run in the end is refused at its beginning. @throws Refusal `safe_mode_on` */
export async function requireRunning(tx: Transaction): Promise<void> {
  const mode = await loadSafeMode(tx);
  if (mode.kind === 'on') throw new Refusal('safe_mode_on', { detail: standstill(mode.reason) });
}

/** What people are told about a plugin that does not run because of it. */
export function standstill(reason: string): string {
  return `The instance is in safe mode: ${reason}`;
}

/** A runtime that runs nothing while safe mode is on. What is deactivated meanwhile goes without its hook. */
export function brakedRuntime(database: Database, runtime: RuntimePort): RuntimePort {
  const unlessBraked = async (
    run: () => Promise<RuntimeVerdict>,
    braked: (reason: string) => RuntimeVerdict,
  ): Promise<RuntimeVerdict> => {
    const mode = await database.transaction({ kind: 'instance' }, loadSafeMode);
    return mode.kind === 'on' ? braked(standstill(mode.reason)) : run();
  };
  const failed = (reason: string): RuntimeVerdict => ({ kind: 'failed', reason });
  return {
    activate: (guest, upgradeFrom) => unlessBraked(() => runtime.activate(guest, upgradeFrom), failed),
    deactivate: (guest) =>
      unlessBraked(
        () => runtime.deactivate(guest),
        () => ({ kind: 'done' }),
      ),
    health: (guest) => unlessBraked(() => runtime.health(guest), failed),
  };
}
