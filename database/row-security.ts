/** SQL for migrations: puts a tenant table under row level security. */
import { Fault } from '../spec/refusal.ts';

const IDENTIFIER = /^[a-z][a-z0-9_]*$/u;

/**
 * The organization of the transaction. `set local` leaves an empty text behind on the connection, hence nullif; the
 * sub-select makes the planner ask once for each statement and not for each row.
 */
export const CURRENT_ORG_SQL = `(select nullif(current_setting('souk.org_id', true), '')::uuid)`;
/** Whether the transaction is the instance's own. */
export const IS_INSTANCE_SQL = `(select current_setting('souk.scope', true) = 'instance')`;

/**
 * Statements that make a table invisible except to its organization and to the instance, for its owner too
 * (`force`). A transaction without a scope sees no row and writes none.
 *
 * @param table name of a table, optionally with the column that holds the organization's id (`org_id`)
 */
export function tenantTableSql(table: string, orgColumn = 'org_id'): string[] {
  if (!IDENTIFIER.test(table) || !IDENTIFIER.test(orgColumn)) {
    throw new Fault('a table under row level security has a name that would need quoting');
  }
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy ${table}_tenant on ${table} using (${orgColumn} = ${CURRENT_ORG_SQL} or ${IS_INSTANCE_SQL})`,
  ];
}
