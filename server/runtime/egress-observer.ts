/** What the requests of plugins tell: into metrics, and the server's log. Origins only: paths may hold what is private. */
import type { EgressObserver, Telemetry } from '../../services/index.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { boundedLines } from './bounded-lines.ts';

export function createEgressObserver(log: Logger, metrics: Metrics, telemetry: Telemetry): EgressObserver {
  const warn = boundedLines(log, 'warn');
  return ({ guest, requestId }, { method, origin, result, status, bytesIn, bytesOut, elapsedMs }) => {
    const plugin = guest.plugin.id;
    metrics.egressRequests.inc({ plugin, result });
    metrics.egressBytes.inc({ plugin, direction: 'in' }, bytesIn);
    metrics.egressBytes.inc({ plugin, direction: 'out' }, bytesOut);
    const owner = { orgId: guest.org.id, installationId: guest.installationId };
    telemetry.countEgress(owner, { result, elapsedMs, bytesIn, bytesOut });
    metrics.egressSeconds.observe(elapsedMs / 1000);
    const fields = { org: guest.org.id, plugin, requestId, method, origin, result, status };
    if (result === 'blocked') warn(guest.installationId, fields, 'request of a plugin blocked');
    else log.debug({ ...fields, bytesIn, bytesOut, ms: Math.round(elapsedMs) }, 'request of a plugin');
  };
}
