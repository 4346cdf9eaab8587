import { defineEntity, p } from '@mikro-orm/core';

/** One row while no plugin of the instance may run. */
export const SafeModeEntity = defineEntity({
  name: 'SafeMode',
  tableName: 'safe_mode',
  properties: {
    id: p.smallint().primary().autoincrement(false),
    reason: p.text(),
    since: p.datetime(),
    setBy: p.text(),
  },
  checks: [{ name: 'safe_mode_one_check', expression: 'id = 1' }],
});
