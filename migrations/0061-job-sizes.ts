import { Migration } from '@mikro-orm/migrations';

/** How many bytes are kept of a job that ended; measured after its end, of those that ended before this as well. */
export class Migration0061 extends Migration {
  override up(): void {
    this.addSql(`alter table "job" add column "kept_bytes" bigint null`);
    this.addSql(
      `create index "job_unmeasured_index" on "job" ("id") where ended_at is not null and kept_bytes is null`,
    );
  }
}
