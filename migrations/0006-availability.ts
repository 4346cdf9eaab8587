import { Migration } from '@mikro-orm/migrations';

/** What an administrator of the instance made of a plugin: enabled in new organizations, and part of every one. */
export class Migration0006 extends Migration {
  override up(): void {
    this.addSql(`alter table "plugin" add column "enabled_by_default" boolean not null default false`);
    this.addSql(`alter table "plugin" add column "is_built_in" boolean not null default false`);
  }
}
