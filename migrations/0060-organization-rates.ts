import { Migration } from '@mikro-orm/migrations';

/** How often one client may ask at the routes of an organization, where that differs from the instance. */
export class Migration0060 extends Migration {
  override up(): void {
    this.addSql(
      `alter table "organization_limits" add column "reads_per_minute_max" int null,
        add column "writes_per_minute_max" int null`,
    );
  }
}
