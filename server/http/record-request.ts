import type { Services } from '../services.ts';

export type AnsweredRequest = {
  readonly method: string;
  readonly path: string;
  /** The pattern of the route: few values, unlike `path`. */
  readonly route: string;
  readonly status: number;
  readonly requestId: string;
  /** `performance.now()` when it came in. */
  readonly startedMs: number;
};

/** Metrics and the debug log of one answered request. */
export function recordRequest(
  { metrics, log }: Pick<Services, 'metrics' | 'log'>,
  request: AnsweredRequest,
): void {
  const { method, path, route, status, requestId, startedMs } = request;
  const elapsedMs = performance.now() - startedMs;
  metrics.requests.inc({ method, route, status });
  metrics.requestSeconds.observe({ route }, elapsedMs / 1000);
  if (log.isLevelEnabled('debug'))
    log.debug({ method, path, status, ms: Math.round(elapsedMs), requestId }, 'request');
}
