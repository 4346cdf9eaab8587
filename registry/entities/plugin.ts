import { randomUUIDv7 } from 'node:crypto';
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { FullTextType } from '@mikro-orm/postgresql';

/** Who sees a plugin: everyone, or the organization that owns it and those that were granted it. */
export type Visibility = 'public' | 'private';

/**
 * One plugin name. The columns after `createdAt` are its entry in the search, drawn from the newest version that is
 * offered; they are null while none is.
 */
export const PluginEntity = defineEntity({
  name: 'Plugin',
  tableName: 'plugin',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => randomUUIDv7()),
    publisher: p.text().collation('C'),
    name: p.text().collation('C'),
    ownerOrgId: p.uuid(),
    visibility: p.text().$type<Visibility>(),
    createdAt: p.datetime(),
    /** Both as an administrator of the instance made it; see catalogue/availability.ts. */
    enabledByDefault: p.boolean().default(false),
    isBuiltIn: p.boolean().default(false),
    /** It is installed in the instance's own organization alone, for everybody. */
    isGlobal: p.boolean().default(false),
    latestVersion: p.text().nullable(),
    title: p.text().nullable(),
    description: p.text().nullable(),
    type: p.text().nullable(),
    category: p.text().nullable(),
    permissionNames: p.array().columnType('text[]').nullable(),
    isSigned: p.boolean().nullable(),
    listedAt: p.datetime().nullable(),
    searchDocument: p.type(new FullTextType('simple')).nullable().lazy().hidden(),
  },
  uniques: [{ name: 'plugin_identity_unique', properties: ['publisher', 'name'] }],
  indexes: [
    { name: 'plugin_owner_index', properties: ['ownerOrgId'] },
    { name: 'plugin_search_index', properties: ['searchDocument'], type: 'gin' },
  ],
  checks: [{ name: 'plugin_visibility_check', expression: `visibility in ('public', 'private')` }],
});

export type Plugin = InferEntity<typeof PluginEntity>;
