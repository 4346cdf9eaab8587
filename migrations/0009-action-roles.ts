import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLE = `
create table "action_role" (
  "org_id" uuid not null, "plugin_id" text collate "C" not null, "action" text collate "C" not null,
  "role" text not null, primary key ("org_id", "plugin_id", "action")
);
alter table "action_role" add constraint "action_role_role_check" check (role in ('member', 'admin', 'owner'));
`;

/** From which role on a right that a plugin defines is held, where the organization decided so. */
export class Migration0009 extends Migration {
  override up(): void {
    this.addSql(TABLE);
    for (const sql of tenantTableSql('action_role')) this.addSql(sql);
  }
}
