/** Who may start a run now: shares of installations and organizations, so that no one starves the rest. */
import type { Guest } from '../ports.ts';

/** A run that may not start now, and when it is worth asking again. */
export type Shed = {
  readonly outcome: 'loadShed';
  readonly reason: string;
  readonly retryAfterMs: number;
};

export type Admission = {
  /** @returns why the run must be shed; undefined when it was counted in, and must be counted out once */
  enter(guest: Guest): Shed | undefined;
  leave(guest: Guest): void;
  readonly inFlight: number;
};

/** How many runs may be in flight at once. */
export type Shares = {
  readonly runsPerInstallationMax: number;
  readonly runsPerOrganizationMax: number;
  readonly runsMax: number;
};

/** How long a shed caller should wait: most runs end much sooner. */
const RETRY_AFTER_MS = 1_000;

/** @param organizationMaxOf the share of an organization, where it is not that of all */
export function createAdmission(
  shares: Shares,
  organizationMaxOf: (orgId: string) => number = () => shares.runsPerOrganizationMax,
): Admission {
  const installations = new Map<string, number>();
  const organizations = new Map<string, number>();
  let inFlight = 0;
  const count = (counts: Map<string, number>, key: string, step: 1 | -1): void => {
    const next = (counts.get(key) ?? 0) + step;
    if (next > 0) counts.set(key, next);
    else counts.delete(key);
  };
  return {
    enter({ installationId, org }) {
      if ((installations.get(installationId) ?? 0) >= shares.runsPerInstallationMax)
        return shed('too many calls of this plugin are in flight');
      if ((organizations.get(org.id) ?? 0) >= organizationMaxOf(org.id))
        return shed('too many calls of this organization are in flight');
      if (inFlight >= shares.runsMax) return shed('too many calls are in flight on this server');
      count(installations, installationId, 1);
      count(organizations, org.id, 1);
      inFlight += 1;
      return undefined;
    },
    leave({ installationId, org }) {
      count(installations, installationId, -1);
      count(organizations, org.id, -1);
      inFlight -= 1;
    },
    get inFlight() {
      return inFlight;
    },
  };
}

function shed(reason: string): Shed {
  return { outcome: 'loadShed', reason, retryAfterMs: RETRY_AFTER_MS };
}
