import { Migration } from '@mikro-orm/migrations';

/** Which server is at work on a request, by the name that its connections have in PostgreSQL. */
export class Migration0062 extends Migration {
  override up(): void {
    this.addSql(`alter table "idempotency_entry" add column "holder" text null`);
  }
}
