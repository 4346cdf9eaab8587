import { Migration } from '@mikro-orm/migrations';

/** Global plugins: which they are, and the seats that organizations have of them. */
export class Migration0020 extends Migration {
  override up(): void {
    this.addSql(`alter table "plugin" add column "is_global" boolean not null default false`);
    this.addSql(`alter table "installation" add column "seat" jsonb null`);
    this.addSql(`create index "installation_plugin_index" on "installation" ("plugin_id")`);
  }
}
