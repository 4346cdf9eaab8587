import { defineEntity, p } from '@mikro-orm/core';

/** The SMTP server of one organization; its password lies sealed (services/secrets/sealing.ts). */
export const MailServerEntity = defineEntity({
  name: 'MailServer',
  tableName: 'mail_server',
  properties: {
    orgId: p.uuid().primary(),
    host: p.text(),
    port: p.integer(),
    security: p.enum(['tls', 'starttls', 'none'] as const),
    /** The sender of every message: plugins cannot choose one. */
    sender: p.text(),
    username: p.text().nullable(),
    sealed: p.text().collation('C').nullable(),
    /** The master key that the password is sealed under. */
    keyId: p.text().collation('C').nullable(),
    setAt: p.datetime(),
    setBy: p.text(),
  },
});

/** How many recipients one installation has written to on one day (UTC). */
export const MailUsageEntity = defineEntity({
  name: 'MailUsage',
  tableName: 'mail_usage',
  properties: {
    orgId: p.uuid().primary(),
    installationId: p.uuid().primary(),
    day: p.date().primary(),
    recipients: p.integer(),
  },
});

/** The tables of mail, for `openDatabase`. */
export const MAIL_ENTITIES = [MailServerEntity, MailUsageEntity];
