/** Prometheus metrics of one server. Labels stay few: never a plugin beside an organization beside a route. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  /** For anyone who can reach the server. */
  const open = new Registry();
  /** With names of plugins, private ones among them. */
  const plugins = new Registry();
  collectDefaultMetrics({ register: open });
  return { open, plugins, ...httpMetrics([open]), ...runnerMetrics([open]), ...pluginMetrics([plugins]) };
}

function httpMetrics(registers: Registry[]) {
  const byRoute = ['method', 'route', 'status'] as const;
  return {
    requests: new Counter({
      name: 'souk_http_requests_total',
      help: 'Requests answered.',
      labelNames: byRoute,
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'souk_http_request_seconds',
      help: 'Time to answer.',
      labelNames: ['route'] as const,
      buckets: SECONDS,
      registers,
    }),
    publishes: new Counter({
      name: 'souk_publishes_total',
      help: 'Packages taken ("stored", "held") or refused, by code.',
      labelNames: ['result'] as const,
      registers,
    }),
  };
}

function pluginMetrics(registers: Registry[]) {
  return {
    runs: new Counter({
      name: 'souk_plugin_runs_total',
      help: 'Runs of plugin code, by outcome.',
      labelNames: ['plugin', 'outcome'] as const,
      registers,
    }),
    runCpuSeconds: new Counter({
      name: 'souk_plugin_cpu_seconds_total',
      help: 'Processor time of runs.',
      labelNames: ['plugin'] as const,
      registers,
    }),
    deniedCalls: new Counter({
      name: 'souk_plugin_denied_calls_total',
      help: 'Host calls that no grant covered.',
      labelNames: ['plugin', 'capability'] as const,
      registers,
    }),
    egressRequests: new Counter({
      name: 'souk_plugin_egress_requests_total',
      help: 'Requests that plugins sent out: answered, refused by a rule, or failed for a reason of the network.',
      labelNames: ['plugin', 'result'] as const,
      registers,
    }),
    egressBytes: new Counter({
      name: 'souk_plugin_egress_bytes_total',
      help: 'Bodies of requests that plugins sent out, and of their answers after decoding.',
      labelNames: ['plugin', 'direction'] as const,
      registers,
    }),
  };
}

function runnerMetrics(registers: Registry[]) {
  return {
    runEnds: new Counter({
      name: 'souk_runs_total',
      help: 'Runs of plugin code, by what triggered them and how they ended.',
      labelNames: ['trigger', 'outcome'] as const,
      registers,
    }),
    runSeconds: new Histogram({
      name: 'souk_plugin_run_seconds',
      help: 'Wall time of runs.',
      buckets: SECONDS,
      registers,
    }),
    egressSeconds: new Histogram({
      name: 'souk_plugin_egress_seconds',
      help: 'Time of requests that plugins sent out.',
      buckets: SECONDS,
      registers,
    }),
    runnerEnds: new Counter({
      name: 'souk_runner_ends_total',
      help: 'Runner processes that died or were killed.',
      labelNames: ['tier'] as const,
      registers,
    }),
    runners: new Gauge({ name: 'souk_runners', help: 'Runner processes alive.', registers }),
  };
}
