import { randomUUIDv7 } from 'node:crypto';
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Permission } from '../../../spec/permission.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';

/** Who granted what to which package, and when. Written once; it outlives its installation. */
export const ConsentReceiptEntity = defineEntity({
  name: 'ConsentReceipt',
  tableName: 'consent_receipt',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => randomUUIDv7()),
    orgId: p.uuid(),
    installationId: p.uuid(),
    pluginId: p.text().collation('C').$type<PluginId>(),
    version: p.text().collation('C'),
    digest: p.text().collation('C'),
    /** What the package asked for. */
    asked: p.json<readonly Permission[]>(),
    /** What it holds from here on. */
    granted: p.json<readonly Permission[]>(),
    grantedAt: p.datetime(),
    grantedBy: p.text(),
  },
  indexes: [{ name: 'consent_receipt_plugin_index', properties: ['orgId', 'pluginId', 'grantedAt'] }],
});

export type ConsentReceipt = InferEntity<typeof ConsentReceiptEntity>;
