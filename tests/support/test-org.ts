/** An organization seen by its owner: plans, consents, installs, calls. */
import { expect, vi } from 'vitest';
import type { Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Answer, HttpClient } from './http-client.ts';

type Asked = { readonly plugin: PluginId; readonly permission: Permission };

export class TestOrg {
  readonly slug: string;
  readonly id: string;
  /** The API with the owner's token. */
  readonly owner: HttpClient;
  /** The API without a token. */
  readonly anyone: HttpClient;

  constructor(slug: string, id: string, owner: HttpClient, anyone: HttpClient) {
    this.slug = slug;
    this.id = id;
    this.owner = owner;
    this.anyone = anyone;
  }

  path(rest: string): string {
    return `/api/v1/orgs/${this.slug}${rest}`;
  }

  plan(request: object): Promise<Answer> {
    return this.owner.post(this.path('/plans'), request);
  }

  apply(plan: string, grants: readonly Asked[]): Promise<Answer> {
    return this.owner.post(this.path('/installations'), { plan, consent: { grants } });
  }

  /** Plans, grants all that is asked, applies and activates with everything that is needed. */
  async install(plugin: PluginId): Promise<Answer> {
    const plan = await this.plan({ kind: 'install', plugin });
    expect(plan.status, plan.text).toBe(201);
    const applied = await this.apply(plan.json.id, consentTo(plan.json));
    expect(applied.status, applied.text).toBe(201);
    const activated = await this.step(plugin, 'activate', { others: 'cascade' });
    expect(activated.status, activated.text).toBe(200);
    return activated;
  }

  /** `activate`, `deactivate` or `test`. */
  step(plugin: PluginId, step: string, body?: object): Promise<Answer> {
    return this.owner.post(this.path(`/plugins/${plugin}/${step}`), body);
  }

  /** Calls an endpoint as a stranger. */
  call(plugin: PluginId, path: string, init: RequestInit & { method?: string } = {}): Promise<Answer> {
    return this.anyone.send(init.method ?? 'GET', this.endpoint(plugin, path), init);
  }

  endpoint(plugin: PluginId, path: string): string {
    return `/orgs/${this.slug}/p/${plugin}${path}`;
  }

  /**
   * Pauses schedules that plugins declare, as soon as they are there: a tick of the real clock would begin a run beside
   * the one that a test looks at. What a tick has begun before is over as well.
   */
  async pauseSchedules(...names: string[]): Promise<void> {
    for (const name of names)
      await vi.waitFor(async () => {
        const { json } = await this.owner.get(this.path('/schedules'));
        const schedule = json.items.find((each: { name: string }) => each.name === name);
        expect(schedule, `the schedule ${name}`).toBeDefined();
        const paused = await this.owner.post(this.path(`/schedules/${schedule.id}/pause`));
        expect(paused.json, paused.text).toMatchObject({ state: 'paused' });
        const jobs = await this.owner.get(this.path(`/jobs?schedule=${schedule.id}`));
        const open = jobs.json.items.filter(({ endedAt }: { endedAt: unknown }) => endedAt === null);
        expect(open, 'jobs at work').toEqual([]);
      }, 30_000);
  }

  /** What administrators read in the log of a plugin. */
  async log(plugin: PluginId): Promise<string> {
    const { json } = await this.owner.get(this.path(`/plugins/${plugin}/logs?limit=200`));
    return json.items.map((line: { text: string }) => line.text).join('\n');
  }
}

/** Grants every permission that a plan asks for, as it asks. */
export function consentTo(plan: { permissions: readonly Asked[] }): Asked[] {
  return plan.permissions.map(({ plugin, permission }) => {
    const { reason: _reason, ...granted } = permission as Permission & { reason?: string };
    return { plugin, permission: granted };
  });
}
