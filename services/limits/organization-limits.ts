/**
 * How much an organization may use, where an administrator of the instance decided otherwise than spec/limits/. The
 * exceptions are few, so every server holds them all: what is in force is answered without a question to the database.
 */
import { appendAudit, type AuditActor, type Database, type Transaction } from '../../database/index.ts';
import { KV_LIMITS, ORGANIZATION_LIMITS, RUNNER_LIMITS } from '../../spec/limits.ts';
import { Refusal, type Violation } from '../../spec/refusal.ts';
import { OrganizationLimitsEntity, type OrganizationLimitsRow } from './entities.ts';

/** Each a whole number; null stands for the limit of the instance. */
export type LimitOverrides = {
  readonly kvKeysMax: number | null;
  readonly kvBytesMax: number | null;
  readonly runsMax: number | null;
  readonly readsPerMinuteMax: number | null;
  readonly writesPerMinuteMax: number | null;
};
export type LimitsInForce = { readonly [K in keyof LimitOverrides]: number };
export type LimitsView = { readonly overrides: LimitOverrides; readonly inForce: LimitsInForce };

export type OrganizationLimits = {
  /** What is in force on this server now. */
  of(orgId: string): LimitsInForce;
  read(orgId: string): Promise<LimitsView>;
  /**
   * Replaces all exceptions of an organization. Whoever calls has made sure that an administrator of the instance asks.
   * @throws Refusal `limits_invalid`
   */
  set(orgId: string, actor: AuditActor, overrides: LimitOverrides): Promise<LimitsView>;
  close(): void;
};

const CHANNEL = 'souk_organization_limits';
const NONE: LimitOverrides = {
  kvKeysMax: null,
  kvBytesMax: null,
  runsMax: null,
  readsPerMinuteMax: null,
  writesPerMinuteMax: null,
};

/** Requests of one client to the API, as the settings of the instance have them; 0 is without a bound. */
export type InstanceRates = Pick<LimitsInForce, 'readsPerMinuteMax' | 'writesPerMinuteMax'>;

function defaultsOf({ readsPerMinuteMax, writesPerMinuteMax }: InstanceRates): LimitsInForce {
  return {
    kvKeysMax: KV_LIMITS.keysMax,
    kvBytesMax: KV_LIMITS.totalBytesMax,
    runsMax: RUNNER_LIMITS.runsPerOrganizationMax,
    readsPerMinuteMax,
    writesPerMinuteMax,
  };
}

/** @param rates what is in force for an organization without exceptions */
export async function openOrganizationLimits(
  database: Database,
  rates: InstanceRates,
  onFailure: (error: unknown) => void,
): Promise<OrganizationLimits> {
  const byDefault = defaultsOf(rates);
  const viewOf = (overrides: LimitOverrides): LimitsView => ({
    overrides,
    inForce: inForce(overrides, byDefault),
  });
  const known = new Map<string, LimitOverrides>();
  const refresh = async (orgId: string | null): Promise<void> => {
    const rows = await database.transaction({ kind: 'instance' }, (tx) => load(tx, orgId));
    if (orgId === null) known.clear();
    else known.delete(orgId);
    for (const [id, overrides] of rows) known.set(id, overrides);
  };
  // One after the other: an answer that was read earlier must not take the place of a later one.
  let last = Promise.resolve();
  const again = (orgId: string | null): Promise<void> => {
    last = last.then(() => refresh(orgId)).catch(onFailure);
    return last;
  };
  await refresh(null);
  const stop = await database.notifications.listen(CHANNEL, {
    notified: (orgId) => void again(orgId),
    connected: () => void again(null),
  });
  return {
    of: (orgId) => {
      const overrides = known.get(orgId);
      return overrides ? inForce(overrides, byDefault) : byDefault;
    },
    read: async (orgId) => {
      const rows = await database.transaction({ kind: 'org', orgId }, (tx) => load(tx, orgId));
      return viewOf(rows.get(orgId) ?? NONE);
    },
    set: async (orgId, actor, overrides) => {
      checkOverrides(overrides);
      await database.transaction({ kind: 'instance' }, (tx) => store(tx, orgId, actor, overrides));
      await again(orgId);
      return viewOf(overrides);
    },
    close: stop,
  };
}

async function load(tx: Transaction, orgId: string | null): Promise<ReadonlyMap<string, LimitOverrides>> {
  const rows = await tx.em.find(OrganizationLimitsEntity, orgId === null ? {} : { orgId });
  return new Map(rows.map((row) => [row.orgId, overridesOf(row)]));
}

function overridesOf(row: OrganizationLimitsRow): LimitOverrides {
  return {
    kvKeysMax: row.kvKeysMax ?? null,
    kvBytesMax: row.kvBytesMax ?? null,
    runsMax: row.runsMax ?? null,
    readsPerMinuteMax: row.readsPerMinuteMax ?? null,
    writesPerMinuteMax: row.writesPerMinuteMax ?? null,
  };
}

async function store(
  tx: Transaction,
  orgId: string,
  actor: AuditActor,
  overrides: LimitOverrides,
): Promise<void> {
  const setBy = actor.kind === 'user' ? `user:${actor.userId}` : actor.kind;
  await tx.em.upsert(OrganizationLimitsEntity, { orgId, ...overrides, setAt: new Date(), setBy });
  await tx.notify(CHANNEL, orgId);
  await appendAudit(tx, {
    scope: { kind: 'org', orgId },
    actor,
    action: 'org.limits-set',
    subject: 'limits',
    detail: { ...overrides },
  });
}

function checkOverrides(overrides: LimitOverrides): void {
  const violations: Violation[] = Object.entries(ORGANIZATION_LIMITS).flatMap(([name, { min, max }]) => {
    const value = overrides[name as keyof LimitOverrides];
    const fits = value === null || (Number.isSafeInteger(value) && value >= min && value <= max);
    return fits
      ? []
      : [{ pointer: `/${name}`, message: `is ${value}, not a whole number from ${min} to ${max}` }];
  });
  const [first] = violations;
  if (first)
    throw new Refusal('limits_invalid', { detail: `${first.pointer} ${first.message}.`, violations });
}

function inForce(overrides: LimitOverrides, byDefault: LimitsInForce): LimitsInForce {
  return {
    kvKeysMax: overrides.kvKeysMax ?? byDefault.kvKeysMax,
    kvBytesMax: overrides.kvBytesMax ?? byDefault.kvBytesMax,
    runsMax: overrides.runsMax ?? byDefault.runsMax,
    readsPerMinuteMax: overrides.readsPerMinuteMax ?? byDefault.readsPerMinuteMax,
    writesPerMinuteMax: overrides.writesPerMinuteMax ?? byDefault.writesPerMinuteMax,
  };
}
