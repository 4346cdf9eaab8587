import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLE = `
create table "pending_upgrade" (
  "org_id" uuid not null, "plugin_id" text collate "C" not null, "request" jsonb not null, "answer" jsonb not null,
  "created_at" timestamptz not null, "created_by" text not null, primary key ("org_id", "plugin_id")
);
`;

/** Upgrades that wait for consent while the version before them runs. */
export class Migration0005 extends Migration {
  override up(): void {
    this.addSql(TABLE);
    for (const sql of tenantTableSql('pending_upgrade')) this.addSql(sql);
  }
}
