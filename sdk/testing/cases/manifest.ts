/** What the plugin of the behaviour suite asks for and contributes, and the plugin that it calls. */
import type { Contributions, Manifest } from '../../../spec/manifest.ts';

export const SUITE = {
  id: 'suite/cases',
  version: '1.0.0',
  name: 'Cases',
  main: 'index.js',
  dependencies: { 'suite/other': '^1.0.0' },
  optionalDependencies: { 'suite/absent': '^1.0.0' },
  permissions: [
    { name: 'kv' },
    { name: 'secrets' },
    { name: 'mail.send' },
    { name: 'jobs' },
    { name: 'events.emit', scope: ['case.heard', 'case.strange', 'case.told'] },
    { name: 'events.subscribe', scope: ['case.heard'] },
    { name: 'contracts.call', scope: ['communication@1'] },
    { name: 'plugins.call', scope: ['suite/other', 'suite/absent'] },
    { name: 'records.read', scope: ['event', 'note', 'organization', 'suite.cases.note'] },
    { name: 'records.propose', scope: ['member', 'note', 'organization', 'thing'] },
    { name: 'modules.extend', scope: ['notes', 'organizations'] },
  ],
  secrets: {
    token: { title: 'Token' },
    other: { title: 'Other' },
    broken: { title: 'What no header can hold' },
    outside: { title: 'Where the outside is' },
  },
  config: {
    type: 'object',
    properties: { greeting: { type: 'string', default: 'Halo' }, n: { type: 'integer' } },
  },
} as const satisfies Partial<Manifest>;
export const ENDPOINTS = [{ method: 'GET', path: '/cases/:name', access: 'public' }] as const;
export const CONTRIBUTES: Omit<Contributions, 'endpoints'> = {
  commands: [
    {
      name: 'double',
      arguments: { type: 'object', required: ['value'], properties: { value: { type: 'integer' } } },
    },
    { name: 'read' },
  ],
  events: {
    emits: {
      'case.told': { type: 'object', properties: { n: { type: 'integer' } } },
      'case.heard': {},
    },
    subscribes: ['case.heard'],
  },
  modules: [
    {
      name: 'notes',
      recordTypes: [
        {
          name: 'note',
          schema: {
            type: 'object',
            required: ['code'],
            properties: { code: { type: 'string' }, text: { type: 'string' } },
          },
          keys: [['code']],
        },
      ],
    },
    {
      extends: 'organizations',
      extensions: [
        {
          recordType: 'organization',
          fields: { type: 'object', properties: { stars: { type: 'integer' } } },
          validators: [{ schema: { not: { properties: { name: { const: 'Spam' } } } }, message: 'is spam' }],
        },
      ],
    },
  ],
};
const GROUPS = `{
  createGroup: ({ name }) => {
    if (name === 'taken') throw Object.assign(new Error('It is taken.'), { code: 'platform_refused' });
    return { group: name };
  },
  deleteGroup: () => ({ deleted: 'later' }),
  addMember: () => null, removeMember: () => null, listMembers: () => null, postMessage: () => null,
}`;
export const OTHER = `export default { contracts: { 'communication@1': ${GROUPS} }, async fetch(request) {
  const { pathname, search } = new URL(request.url);
  if (pathname === '/boom') throw new Error('for nobody to know');
  return Response.json({ at: pathname + search, method: request.method, word: request.headers.get('x-word'), cookie: request.headers.get('cookie'), body: await request.text() }, { status: 201 });
} };`;
