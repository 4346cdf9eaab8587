import { ActionRoleEntity } from './action-role.ts';
import { ConsentReceiptEntity } from './consent-receipt.ts';
import { InstallationPlanEntity } from './installation-plan.ts';
import { InstallationSnapshotEntity } from './installation-snapshot.ts';
import { InstallationEntity } from './installation.ts';
import { InstallationStatusEntity } from './installation-status.ts';
import { InstanceConfigEntity } from './instance-config.ts';
import { OrganizationEventEntity } from './organization-event.ts';
import { PendingUpgradeEntity } from './pending-upgrade.ts';
import { RevocationPolicyEntity } from './revocation-policy.ts';
import { SafeModeEntity } from './safe-mode.ts';
import { PluginRequestEntity } from './plugin-request.ts';

export { ConsentReceiptEntity, type ConsentReceipt } from './consent-receipt.ts';
export { InstallationPlanEntity, type InstallationPlan } from './installation-plan.ts';
export { InstallationSnapshotEntity, type InstallationSnapshot } from './installation-snapshot.ts';
export { InstallationEntity, type Installation } from './installation.ts';
export { InstanceConfigEntity } from './instance-config.ts';
export { PendingUpgradeEntity, type PendingUpgrade } from './pending-upgrade.ts';
export { PluginRequestEntity, type PluginRequest } from './plugin-request.ts';

/** The tables of installations, for `openDatabase`. */
export const INSTALLATION_ENTITIES = [
  InstallationEntity,
  InstallationStatusEntity,
  InstallationSnapshotEntity,
  InstallationPlanEntity,
  ConsentReceiptEntity,
  InstanceConfigEntity,
  PluginRequestEntity,
  PendingUpgradeEntity,
  OrganizationEventEntity,
  ActionRoleEntity,
  SafeModeEntity,
  RevocationPolicyEntity,
];
