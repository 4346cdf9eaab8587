import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** What a user may do on the instance as a whole. */
export type InstanceRole = 'admin' | 'none';

/** A person or a machine account. How one logs in (token, session, OIDC subject) refers to it from elsewhere. */
export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'souk_user',
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    /** In lower case. */
    email: p.text().nullable(),
    instanceRole: p.text().$type<InstanceRole>(),
    createdAt: p.datetime(3),
  },
  uniques: [{ name: 'souk_user_email_unique', properties: ['email'] }],
  checks: [{ name: 'souk_user_instance_role_check', expression: `instance_role in ('admin', 'none')` }],
});

export type User = InferEntity<typeof UserEntity>;
