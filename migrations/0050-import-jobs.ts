import { Migration } from '@mikro-orm/migrations';

/** The job that works on an import, so that one whose job is over can be told from one that goes on. */
export class Migration0050 extends Migration {
  override up(): void {
    this.addSql(`alter table "record_import" add column "job_id" uuid null`);
    this.addSql(
      `create index "record_import_open_index" on "record_import" ("job_id") where state in ('queued', 'running')`,
    );
  }
}
