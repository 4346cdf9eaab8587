/** Contracts of organizations: who answers them, and calling them. */
import { appendAudit, type AuditActor, type Database } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { HandlerRuns } from '../../spec/handler-runs.ts';
import { openBindings, type Bindings } from './bindings.ts';
import { dispatch, type ContractAnswer, type ContractCall } from '../../spec/contracts/dispatch.ts';

export type Contracts = {
  readonly bindings: Bindings;
  /** Calls without an entry in the audit log; see `dispatch` for what it throws. */
  call(call: ContractCall): Promise<ContractAnswer>;
  /** Calls on behalf of a person, and writes down that it was, and how it ended for whom. */
  callFor(actor: AuditActor, call: ContractCall): Promise<ContractAnswer>;
};

export function openContracts(database: Database, handlers: HandlerRuns): Contracts {
  const bindings = openBindings(database);
  const call = (asked: ContractCall): Promise<ContractAnswer> => dispatch({ bindings, handlers }, asked);
  return {
    bindings,
    call,
    callFor: async (actor, asked) => {
      const answer = await call(asked).catch((error: unknown) => auditFailure(database, actor, asked, error));
      await audit(database, actor, asked, {
        answered: answer.results.map(({ plugin }) => plugin),
        failed: answer.failures.map(({ plugin, code }) => ({ plugin, code })),
      });
      return answer;
    },
  };
}

/** Plugins that failed may have acted all the same; what was refused before any of them ran did nothing. */
async function auditFailure(
  database: Database,
  actor: AuditActor,
  call: ContractCall,
  error: unknown,
): Promise<never> {
  const hasRun = error instanceof Refusal && HAS_RUN.has(error.code);
  if (hasRun) await audit(database, actor, call, { failed: error.extensions['failures'] ?? [] });
  throw error;
}

const HAS_RUN: ReadonlySet<string> = new Set(['contract_failed', 'contract_output_invalid']);

async function audit(
  database: Database,
  actor: AuditActor,
  { orgId, contract, action, mode }: ContractCall,
  outcome: JsonObject,
): Promise<void> {
  const scope = { kind: 'org', orgId } as const;
  const detail = { action, mode, ...outcome };
  await database.transaction(scope, (tx) =>
    appendAudit(tx, { scope, actor, action: 'contract.called', subject: `contract:${contract}`, detail }),
  );
}
