/** `souk jobs`: work in the background. */
import type { JsonObject } from '../../spec/json.ts';
import type { ServerOptions } from '../credentials.ts';
import { askItem, listItems } from '../org-items.ts';
import { withOrg } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

export function registerJobs({ group, io, report }: Shell): void {
  const verb = group('jobs', 'work in the background');
  withOrg(verb('list', 'jobs, newest first')).action((options: ServerOptions) =>
    report(options, () => listItems(io, options, { path: '/jobs', paging: 'pages', lineOf: jobLine })),
  );
  withOrg(verb('show', 'a job: how far it is, and what came of it'))
    .argument('<job>', 'its id')
    .action((job: string, options: ServerOptions) =>
      report(options, () =>
        askItem(io, options, { method: 'GET', path: `/jobs/${encodeURIComponent(job)}` }),
      ),
    );
  withOrg(verb('cancel', 'cancel a job that waits or is at work'))
    .argument('<job>', 'its id')
    .action((job: string, options: ServerOptions) =>
      report(options, () =>
        askItem(io, options, { method: 'POST', path: `/jobs/${encodeURIComponent(job)}/cancel` }),
      ),
    );
}

function jobLine({ id, state, plugin, kind, name, createdAt }: JsonObject): string {
  return `${String(id)} ${String(state)} ${String(plugin ?? kind)} ${String(name ?? '')} ${String(createdAt)}`;
}
