/** The mail server of an organization. */
import { Type } from 'typebox';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs, words } from './installed-plugin.ts';
import { NoQuery, OrgParams, Time } from './schemas.ts';

const closed = { additionalProperties: false } as const;
const Address = Type.String({ maxLength: 400, description: 'ada@example.org or Ada <ada@example.org>' });
const Server = {
  host: Type.String({ minLength: 1, maxLength: 255 }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  security: words(['tls', 'starttls', 'none']),
  from: Address,
};
const View = Type.Object({
  ...Server,
  username: Type.Union([Type.String(), Type.Null()]),
  password: words(['set', 'not set']),
  setAt: Time,
});
const Settings = Type.Object(
  {
    ...Server,
    username: Type.Optional(Type.String()),
    password: Type.Optional(
      Type.String({ writeOnly: true, description: 'Absent: stays, as long as server and user do.' }),
    ),
  },
  closed,
);
const Delivery = Type.Object({
  messageId: Type.String(),
  accepted: Type.Array(Type.String()),
  rejected: Type.Array(Type.String()),
});

export function mailRoutes({ mail }: Services): Route[] {
  const base = {
    tag: 'organizations',
    path: '/api/v1/orgs/:org/mail',
    access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
    params: OrgParams,
    query: NoQuery,
  } as const;
  return [
    route({
      ...base,
      method: 'GET',
      summary: 'The mail server. Its password is never shown.',
      body: 'none',
      answers: { 200: View },
      handle: async ({ caller }) => ({ status: 200, json: toJson(await mail.view(caller.org.id)) }),
    }),
    route({
      ...base,
      method: 'PUT',
      summary: 'Sets the mail server that plugins with the permission mail.send send through.',
      body: Settings,
      answers: { 200: View },
      handle: async ({ caller, body }) => {
        await mail.configure(actingAs(caller), body);
        return { status: 200, json: toJson(await mail.view(caller.org.id)) };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      summary: 'Forgets the mail server. Plugins can send no mail any more.',
      body: 'none',
      answers: { 204: null },
      handle: async ({ caller }) => {
        await mail.forget(actingAs(caller));
        return { status: 204 };
      },
    }),
    route({
      ...base,
      method: 'POST',
      path: '/api/v1/orgs/:org/mail/test',
      summary: 'Sends a test message.',
      body: Type.Object({ to: Address }, closed),
      answers: { 200: Delivery },
      handle: async ({ caller, body }) => ({
        status: 200,
        json: toJson(await mail.test(actingAs(caller), body.to)),
      }),
    }),
  ];
}
