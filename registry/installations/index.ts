export { actorName } from './actor.ts';
export type { Consent } from './consent.ts';
export type { Acting, RuntimePort, RuntimeVerdict } from './context.ts';
export { EVENTS_CHANNEL, type OrganizationEvent } from './events.ts';
export type { DefaultOutcome } from './defaults.ts';
export { INSTALLATION_ENTITIES } from './entities/index.ts';
export type { GuestDescription, InstalledGuest } from './guest.ts';
export { openInstallations, type Installations, type InstallationsOptions } from './installations.ts';
export type {
  Advisory,
  NameConflict,
  OrgLock,
  OthersInvolved,
  PermissionRequest,
  PlanAnswer,
  PlanChange,
  PlanRequest,
} from './planning/plan.ts';
export type { UpgradeOutcome } from './pending-upgrades.ts';
export type { PendingUpgradeView } from './pending-upgrade-view.ts';
export type { Plan } from './plans.ts';
export type { InstallationView, ReceiptView } from './reading.ts';
export type { HeldSecrets, SecretsPort } from './secrets.ts';
export type { InstallationState } from './state.ts';
export type { SafeMode } from './safe-mode.ts';
export type { Decision, RequestView } from './requests.ts';
