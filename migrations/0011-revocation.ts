import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const SQL = `
alter table "plugin_version" drop constraint "plugin_version_state_check";
alter table "plugin_version" add constraint "plugin_version_state_check"
  check (state in ('held', 'approved', 'rejected', 'revoked'));
create table "revocation_policy" (
  "org_id" uuid not null, "reaction" text not null, primary key ("org_id")
);
alter table "revocation_policy" add constraint "revocation_policy_reaction_check"
  check (reaction in ('warn', 'block', 'deactivate'));
`;

/** Versions that were declared unsafe, and what an organization does about those that it has installed. */
export class Migration0011 extends Migration {
  override up(): void {
    this.addSql(SQL);
    for (const sql of tenantTableSql('revocation_policy')) this.addSql(sql);
  }
}
