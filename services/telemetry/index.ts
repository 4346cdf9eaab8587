export { TELEMETRY_ENTITIES } from './entities.ts';
export { LOG_LEVELS, type LogFilter, type LogLevel, type LogLine, type LogOwner } from './log-line.ts';
export { LOG_CHANNEL } from './log-store.ts';
export type { PluginMetrics } from './metrics-view.ts';
export { openTelemetry, type Telemetry } from './telemetry.ts';
