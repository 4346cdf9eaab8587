import { Migration } from '@mikro-orm/migrations';
import { tenantTableSql } from '../database/index.ts';

const SQL = `
create table "mail_server" (
  "org_id" uuid not null, "host" text not null, "port" int not null, "security" text not null,
  "sender" text not null, "username" text null, "sealed" text collate "C" null, "key_id" text collate "C" null,
  "set_at" timestamptz not null, "set_by" text not null, primary key ("org_id")
);
alter table "mail_server" add constraint "mail_server_security_check"
  check (security in ('tls', 'starttls', 'none'));
create table "mail_usage" (
  "org_id" uuid not null, "installation_id" uuid not null, "day" date not null, "recipients" int not null,
  primary key ("org_id", "installation_id", "day")
);
`;

/** The mail server of an organization, and what its plugins have sent through it. */
export class Migration0012 extends Migration {
  override up(): void {
    this.addSql(SQL);
    for (const sql of [...tenantTableSql('mail_server'), ...tenantTableSql('mail_usage')]) this.addSql(sql);
  }
}
