/** `souk reviews`: imported rows that wait for a person. */
import { Argument, InvalidArgumentError } from 'commander';
import type { JsonObject } from '../../spec/json.ts';
import type { ServerOptions } from '../credentials.ts';
import { rowLine } from '../imported-row.ts';
import type { Io } from '../io.ts';
import { listItems, openOrg } from '../org-items.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type DecideOptions = ServerOptions & { readonly record?: string };

const VERDICTS = ['accept', 'merge', 'reject'] as const;

export function registerReviews({ group, io, report }: Shell): void {
  const verb = group('reviews', 'imported rows that wait for a person');
  withOrg(verb('list', 'rows that wait, with the records that each may be')).action(
    (options: ServerOptions) =>
      report(options, () => listItems(io, options, { path: '/reviews', paging: 'pages', lineOf: rowLine })),
  );
  withOrg(verb('decide', 'say what a row is'))
    .argument('<import>', 'the id of its import')
    .argument('<row>', 'its number', rowNumber)
    .addArgument(new Argument('<verdict>', 'a new record, part of --record, or nothing').choices(VERDICTS))
    .option('--record <id>', 'the record to merge it into')
    .action((id: string, row: number, verdict: string, options: DecideOptions) => {
      const path = `/imports/${encodeURIComponent(id)}/rows/${row}/decision`;
      const body = { verdict, ...(options.record === undefined ? {} : { record: options.record }) };
      return report(options, () => decide(io, options, path, body));
    });
}

function rowNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(text)) throw new InvalidArgumentError('This is no number of a row.');
  return Number(text);
}

async function decide(io: Io, options: ServerOptions, path: string, body: JsonObject): Promise<Report> {
  const { client, org } = await openOrg(io, options);
  const answer = await client.send('POST', `${org}${path}`, body);
  return done([rowLine(answer)], answer);
}
