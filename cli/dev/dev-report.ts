/** Tells what became of mail, jobs, events and records: what a person would look up on a server. */
import type { MemoryJob } from '../../sdk/memory/jobs.ts';
import type { SentMail } from '../../sdk/memory/mail.ts';
import type { ProposalAnswer, ProposalBatch } from '../../spec/host/records.ts';
import type { DevLog } from './dev-log.ts';

export function reportMail(log: DevLog, mail: SentMail): void {
  const { plugin, subject, text, html, accepted, rejected, messageId } = mail;
  const [to, refused] = [[...accepted], [...rejected]];
  const notTaken = refused.length > 0 ? [`  not taken: ${refused.join(', ')}`] : [];
  const lines = (text ?? html ?? '').split('\n').map((line) => `  ${line}`);
  log.say(
    { event: 'mail', plugin, messageId, to, rejected: refused, subject, text, html },
    [`mail     ${plugin} to ${to.join(', ')}: ${subject}`, ...notTaken, ...lines].join('\n'),
  );
}

export function reportJob(log: DevLog, job: MemoryJob): void {
  const { id, plugin, command, state, attempt, progress, result, failure } = job;
  log.say(
    { event: 'job', id, plugin, command, state, attempt, progress, result, failure },
    `job      ${plugin} ${command} ${id.slice(0, 8)} ${stateOf(job)}`,
  );
}

function stateOf({ state, progress, result, failure }: MemoryJob): string {
  switch (state) {
    case 'queued':
    case 'canceled':
      return state;
    case 'running':
      return progress === null
        ? state
        : `${progress.done} of ${progress.total ?? '?'} ${progress.message ?? ''}`;
    case 'succeeded':
      return `succeeded: ${JSON.stringify(result)}`;
    case 'failed':
      return `failed: ${failure?.code}: ${failure?.message}`;
  }
}

export function reportRecords(log: DevLog, { proposer, type }: ProposalBatch, answer: ProposalAnswer): void {
  const { rows, import: importId, ...counts } = answer;
  const plugin = proposer.plugin.id;
  const sums = Object.entries(counts).flatMap(([outcome, count]) =>
    count > 0 ? [`${count} ${outcome}`] : [],
  );
  const refused = rows.flatMap(({ row, outcome, reasons }) =>
    reasons.map(({ pointer, message }) => `  row ${row} ${outcome}: ${pointer} ${message}`),
  );
  const shown = refused.slice(0, REASONS_SHOWN_MAX);
  const more = refused.length > shown.length ? [`  and ${refused.length - shown.length} more`] : [];
  log.say(
    { event: 'records', plugin, type, import: importId, ...counts },
    [`records  ${plugin} ${type}: ${sums.join(', ') || 'no rows'}`, ...shown, ...more].join('\n'),
  );
}

const REASONS_SHOWN_MAX = 20;
