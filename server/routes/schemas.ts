/** Shapes that several routes share. */
import { Type } from 'typebox';

export const NoParams = Type.Object({}, { additionalProperties: false });
export const NoQuery = Type.Object({}, { additionalProperties: false });
export const OrgParams = Type.Object({ org: Type.String() });
export const PublisherParams = Type.Object({ publisher: Type.String() });
export const PluginParams = Type.Object({ publisher: Type.String(), name: Type.String() });
export const Time = Type.String({ format: 'date-time' });
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
