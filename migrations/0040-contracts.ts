import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const TABLE = `
create table "contract_binding" (
  "org_id" uuid not null, "contract" text collate "C" not null, "installation_id" uuid not null,
  "bound_at" timestamptz not null, "bound_by" text not null, primary key ("org_id", "contract")
);
create index "contract_binding_installation_index" on "contract_binding" ("installation_id");
alter table "contract_binding" add constraint "contract_binding_installation_id_foreign"
  foreign key ("installation_id") references "installation" ("id") on delete cascade;
`;

/** Which installation answers a contract, where an administrator said so. */
export class Migration0040 extends Migration {
  override up(): void {
    this.addSql(TABLE);
    for (const sql of tenantTableSql('contract_binding')) this.addSql(sql);
  }
}
