import { Migration } from '@mikro-orm/migrations';

const SQL = `
create table "safe_mode" (
  "id" smallint not null, "reason" text not null, "since" timestamptz not null, "set_by" text not null,
  primary key ("id")
);
alter table "safe_mode" add constraint "safe_mode_one_check" check (id = 1);
alter table safe_mode enable row level security;
alter table safe_mode force row level security;
create policy safe_mode_read on safe_mode for select using (true);
create policy safe_mode_write on safe_mode for all using (current_setting('souk.scope', true) = 'instance');
`;

/** The brake of the whole instance: one row while it is on. It counts for every organization, and is the instance's. */
export class Migration0010 extends Migration {
  override up(): void {
    this.addSql(SQL);
  }
}
