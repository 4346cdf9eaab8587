/** manifest.json, version 1, as it is once it has been read (`parse-manifest.ts`). */
import type { JsonObject } from './json.ts';
import type { ModuleContribution } from './modules/module.ts';
import type { HttpMethod, Permission } from './permission.ts';
import type { PluginId } from './plugin-id.ts';

export const PLUGIN_TYPES = [
  'integration',
  'import',
  'enrichment',
  'ui',
  'theme',
  'workflow',
  'ai',
  'core',
] as const;

/** Who may call: anyone, members of the org, its admins, or whoever the org gave a right of the plugin. */
export type Access = 'public' | 'member' | 'admin' | `action:${string}`;

export type Endpoint = {
  readonly method: HttpMethod;
  /** Segments, `:parameters`, and at the end `*` for any rest. */
  readonly path: string;
  /** `member` where absent. */
  readonly access?: Access;
  readonly summary?: string;
  readonly request?: JsonObject;
  readonly response?: JsonObject;
};

export type Command = {
  readonly name: string;
  readonly title?: string;
  readonly access?: Access;
  readonly arguments?: JsonObject;
  /** `job` for what takes long: it always runs in the background. `direct` where absent. */
  readonly run?: 'direct' | 'job';
  /** Whether a job that was interrupted is begun again; `never` where absent. */
  readonly retry?: 'never' | 'interrupted';
};

export type Contributions = {
  readonly endpoints?: readonly Endpoint[];
  readonly commands?: readonly Command[];
  readonly actions?: readonly {
    readonly name: string;
    readonly title: string;
    readonly default?: 'member' | 'admin' | 'owner';
  }[];
  readonly contracts?: readonly string[];
  readonly events?: {
    readonly emits?: Readonly<Record<string, JsonObject>>;
    readonly subscribes?: readonly string[];
  };
  readonly schedules?: readonly {
    readonly name: string;
    readonly cron: string;
    readonly timeZone?: string;
    /** What is done about ticks for which no server was there; `skip` where absent. */
    readonly missed?: 'skip' | 'once';
    readonly retry?: 'never' | 'interrupted';
  }[];
  readonly modules?: readonly ModuleContribution[];
  readonly pages?: readonly JsonObject[];
  readonly theme?: JsonObject;
  readonly migrations?: string;
};

export type Manifest = {
  readonly manifestVersion: 1;
  readonly id: PluginId;
  readonly version: string;
  readonly name: string;
  readonly description?: string;
  readonly type?: (typeof PLUGIN_TYPES)[number];
  readonly category?: string;
  readonly license?: string;
  readonly author?: { readonly name: string; readonly url?: string; readonly email?: string };
  readonly engines?: { readonly souk: string };
  readonly main: string;
  readonly dependencies?: Readonly<Record<PluginId, string>>;
  readonly optionalDependencies?: Readonly<Record<PluginId, string>>;
  readonly permissions?: readonly Permission[];
  readonly config?: JsonObject;
  readonly secrets?: Readonly<
    Record<string, { readonly title: string; readonly description?: string; readonly required?: boolean }>
  >;
  readonly contributes?: Contributions;
  readonly availability?: {
    readonly visibility?: 'public' | 'private';
    readonly enabledByDefault?: boolean;
    readonly scope?: 'organization' | 'global';
  };
};
