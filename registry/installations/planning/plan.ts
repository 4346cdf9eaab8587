/** The words of plans: what can be asked for, what is shown, and what applying will do. */
import type { Permission } from '../../../spec/permission.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { Violation } from '../../../spec/refusal.ts';

/** `cascade` takes the plugins in the way along, in order; `refuse` names them. */
export type OthersInvolved = 'refuse' | 'cascade';

export type PlanRequest =
  | { readonly kind: 'install'; readonly plugin: PluginId; readonly range?: string }
  | { readonly kind: 'upgrade'; readonly plugin: PluginId; readonly range?: string }
  | { readonly kind: 'upgradeAll' }
  | { readonly kind: 'rollback'; readonly plugin: PluginId; readonly version?: string }
  | { readonly kind: 'remove'; readonly plugin: PluginId; readonly dependants: OthersInvolved }
  | { readonly kind: 'pin'; readonly plugin: PluginId; readonly version?: string }
  | { readonly kind: 'unpin'; readonly plugin: PluginId }
  | { readonly kind: 'import'; readonly lock: OrgLock };

/** An organization's lock as it is exported: the exact packages, and what of them somebody asked for. */
export type OrgLock = {
  readonly lockVersion: 1;
  readonly plugins: readonly {
    readonly plugin: PluginId;
    readonly version: string;
    readonly digest: string;
    /** Null for what came along as a dependency. */
    readonly range: string | null;
    readonly pinned: boolean;
  }[];
};

export type ChangeKind = 'add' | 'upgrade' | 'downgrade' | 'keep' | 'remove';

export type PlanChange = {
  readonly kind: ChangeKind;
  readonly plugin: PluginId;
  readonly fromVersion: string | null;
  readonly toVersion: string | null;
  readonly digest: string | null;
  /** One sentence for each reason. */
  readonly why: readonly string[];
};

export type PermissionRequest = {
  readonly plugin: PluginId;
  readonly permission: Permission;
  readonly risk: 'low' | 'medium' | 'high';
  readonly description: string;
  /** The plugins that pull this one in; empty where it was asked for itself. */
  readonly causedBy: readonly PluginId[];
};

export type Advisory = {
  readonly kind: 'yanked' | 'unsigned' | 'untrusted' | 'deprecated' | 'keysChanged' | 'ownerChanged';
  readonly plugin: PluginId;
  readonly message: string;
};

export type NameConflict = {
  readonly kind: 'command' | 'module' | 'recordType' | 'action';
  readonly name: string;
  readonly plugins: readonly PluginId[];
  readonly message: string;
};

/** An implementation that comes in. The first of a contract answers it, until an administrator binds another. */
export type ContractNotice = {
  readonly contract: string;
  readonly plugin: PluginId;
  /** Others in the organization that implement it too. */
  readonly besides: readonly PluginId[];
  readonly message: string;
};

/** Versions that others of the organization keep out. */
export type HeldBack = {
  readonly plugin: PluginId;
  /** The one that is newest, or what was asked for. */
  readonly range: string;
  readonly by: readonly Holder[];
  /** All of it in words. */
  readonly message: string;
};

export type Holder = {
  readonly plugin: PluginId;
  readonly version: string;
  readonly kind: 'required' | 'optional';
  /** What it admits. */
  readonly range: string;
  /** The newest version of it that does not hold back any more. */
  readonly follower: string | null;
  /** Who it is, and what can be done. */
  readonly message: string;
};

/** A plugin of organizations that needs, or works with, other versions than those after the change. */
export type GlobalBreak = {
  /** Who declares the range. */
  readonly dependant: PluginId;
  readonly plugin: PluginId;
  readonly range: string;
  /** What would be there; null where it goes. */
  readonly version: string | null;
  readonly organizations: number;
};

/** What a plan of the instance's own organization means for the others. */
export type GlobalReach = {
  /** That have the plugins of the plan by now, as seats or of their own. */
  readonly organizations: number;
  /** The plan is not applied while there are some. */
  readonly breaks: readonly GlobalBreak[];
};

/** Everything an administrator sees before anything changes. */
export type PlanAnswer = {
  readonly changes: readonly PlanChange[];
  /** Dependencies first. */
  readonly activationOrder: readonly PluginId[];
  /** What has to be consented to; empty where nothing new is asked for. */
  readonly permissions: readonly PermissionRequest[];
  readonly advisories: readonly Advisory[];
  readonly missingConfig: readonly { readonly plugin: PluginId; readonly violations: readonly Violation[] }[];
  readonly missingSecrets: readonly { readonly plugin: PluginId; readonly secret: string }[];
  readonly conflicts: readonly NameConflict[];
  /** Of an upgrade alone: what is newer than the plan, and kept out. */
  readonly heldBack?: HeldBack;
  /** Of a plan for the instance's own organization alone: what it means for all others. */
  readonly reach?: GlobalReach;
  /** What plugins that come in implement, and whether they will answer it. */
  readonly contracts: readonly ContractNotice[];
};

/** One change of a row, by the digest that was shown. */
export type PlanStep =
  | {
      readonly kind: 'add';
      readonly plugin: PluginId;
      readonly version: string;
      readonly digest: string;
      readonly range: string | null;
      readonly isPinned: boolean;
    }
  | {
      readonly kind: 'replace';
      readonly plugin: PluginId;
      readonly version: string;
      readonly digest: string;
      readonly range: string | null;
      readonly isPinned: boolean;
      /** Go back to the configuration that this version had. */
      readonly snapshotId: string | null;
    }
  | {
      /** The version stays; the range or the pin changes. */
      readonly kind: 'hold';
      readonly plugin: PluginId;
      readonly range: string | null;
      readonly isPinned: boolean;
    }
  | { readonly kind: 'remove'; readonly plugin: PluginId };
