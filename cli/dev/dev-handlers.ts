/** Runs named handlers of the plugins of one `souk dev`, refused for what a server refuses them. */
import { requireNoCircle, type Completion, type Invocation } from '../../sandbox/index.ts';
import { requireDeclaredHandler, requireFittingInput } from '../../spec/handler-checks.ts';
import type { HandlerRuns } from '../../spec/handler-runs.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { DevPlugin } from './dev-plugin.ts';

/**
 * @param find the plugin that runs now under an id
 * @param call never rejects: every end is an outcome
 */
export function createDevHandlers(
  find: (id: string) => DevPlugin | undefined,
  call: (invocation: Invocation) => Promise<Completion>,
): HandlerRuns {
  return {
    run: async ({ orgId: _orgId, plugin, ...run }) => {
      const found = find(plugin);
      if (!found)
        throw new Refusal('plugin_not_installed', {
          detail: `${plugin} is not here; souk dev takes more folders with --with.`,
        });
      const { guest } = found;
      requireDeclaredHandler(guest.plugin, guest.handlers ?? [], run.trigger);
      requireFittingInput(run.trigger);
      if (run.chain) requireNoCircle(run.chain, guest);
      return call({ ...run, guest });
    },
  };
}
