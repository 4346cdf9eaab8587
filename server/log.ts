/** Structured logs (pino, one JSON object a line on standard output) with secrets redacted, safe to look at. */
import { pino, type Logger } from 'pino';
import { visibleJson } from '../spec/visible-json.ts';
import type { Settings } from './settings.ts';

export type { Logger } from 'pino';

const REDACTED = [
  'authorization',
  'cookie',
  'token',
  'password',
  'secret',
  'masterKey',
  'req.headers.authorization',
  'req.headers.cookie',
  'headers.authorization',
  'headers.cookie',
  '*.token',
  '*.password',
  '*.secret',
  '*.masterKey',
];

export function createLogger(
  level: Settings['logLevel'],
  destination?: { write(line: string): void },
): Logger {
  const options = {
    level,
    base: null,
    redact: { paths: REDACTED, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: { streamWrite: visibleJson },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}
