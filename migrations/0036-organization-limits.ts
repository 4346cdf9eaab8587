import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLE = `
create table "organization_limits" (
  "org_id" uuid not null, "kv_keys_max" int null, "kv_bytes_max" bigint null, "runs_max" int null,
  "set_at" timestamptz not null, "set_by" text not null, primary key ("org_id")
);
`;

/** Limits of an organization that differ from those of the instance. */
export class Migration0036 extends Migration {
  override up(): void {
    this.addSql(TABLE);
    for (const sql of tenantTableSql('organization_limits')) this.addSql(sql);
  }
}
