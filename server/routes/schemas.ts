/** Shapes that several routes share. */
import { Type, type TSchema } from 'typebox';
import { HTTP_LIMITS } from '../../spec/limits.ts';

export const NoParams = Type.Object({}, { additionalProperties: false });
export const NoQuery = Type.Object({}, { additionalProperties: false });
/** A page of a list: `cursor` is the `nextCursor` of the page before. */
export const PageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: HTTP_LIMITS.pageSizeMax, default: HTTP_LIMITS.pageSizeDefault }),
    ),
    cursor: Type.Optional(Type.String({ maxLength: 512 })),
  },
  { additionalProperties: false },
);
export const pageSchema = <Item extends TSchema>(item: Item) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) });
export const OrgParams = Type.Object({ org: Type.String() });
export const PublisherParams = Type.Object({ publisher: Type.String() });
export const PluginParams = Type.Object({ publisher: Type.String(), name: Type.String() });
export const Time = Type.String({ format: 'date-time' });
/** An id that a caller sends: the format alone would also take `urn:uuid:`, at which PostgreSQL fails a query. */
export const Uuid = Type.String({
  format: 'uuid',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
});
export const Role = Type.Union([Type.Literal('owner'), Type.Literal('admin'), Type.Literal('member')]);

/** A DSSE envelope as JSON; signing/ reads it strictly. */
export const Envelope = Type.Object(
  {},
  { additionalProperties: true, description: 'DSSE envelope, docs/formats/signing.md.' },
);

export const VersionParams = Type.Object({
  publisher: Type.String(),
  name: Type.String(),
  version: Type.String(),
});
/** An object whose members the house that makes it documents. */
export const Anything = Type.Object({}, { additionalProperties: true });
