import type { Command } from 'commander';
import { EXIT_CODES } from './exit-code.ts';
import type { Report } from './report.ts';

/** Options of every verb that talks to a server. */
export function withServer(command: Command): Command {
  return command.option('--url <origin>', 'the server; SOUK_URL, or that of souk login, where absent');
}

/** Options of every verb that works in an organization. */
export function withOrg(command: Command): Command {
  return withServer(command).option('--org <slug>', 'the organization; SOUK_ORG where absent');
}

/** What a server answered, said in a few lines. */
export function done(lines: readonly string[], data: object): Report {
  return { exitCode: EXIT_CODES.ok, lines, data };
}
