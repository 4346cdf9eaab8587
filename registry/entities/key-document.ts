import { defineEntity, p } from '@mikro-orm/core';

/** One version of a publisher's key document, as it was accepted. Visible to everyone: whoever verifies offline needs it. */
export const KeyDocumentEntity = defineEntity({
  name: 'KeyDocument',
  tableName: 'publisher_key_document',
  properties: {
    publisher: p.text().collation('C').primary(),
    version: p.integer().primary(),
    envelope: p.uint8array().columnType('bytea'),
    acceptedAt: p.datetime(),
    acceptedBy: p.text(),
  },
});
