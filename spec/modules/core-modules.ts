/**
 * The modules of the core. They stand in the registry of modules like those of plugins; their record types are what
 * the four kinds of import bring in.
 */
import type { JsonObject } from '../json.ts';
import type { RecordType } from './module.ts';

export const IMPORT_KINDS = ['organizations', 'members', 'posts', 'events'] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

/** What only the core's own types have: fields that follow from others, and fields that name another record. */
export type CoreRecordType = RecordType & {
  /** Field to the field that it is made from where it is absent. */
  readonly slugs?: Readonly<Record<string, string>>;
  /** Field to the record type whose slug it holds. */
  readonly references?: Readonly<Record<string, string>>;
};

export type CoreModule = {
  readonly name: ImportKind;
  readonly title: string;
  readonly recordType: CoreRecordType;
};

const line = (maxLength: number): JsonObject => ({ type: 'string', minLength: 1, maxLength });
const prose = (maxLength: number): JsonObject => ({ type: 'string', maxLength });
const slug: JsonObject = { type: 'string', maxLength: 120, pattern: '^[a-z0-9]+(?:-[a-z0-9]+)*$' };
const email: JsonObject = { type: 'string', format: 'email', maxLength: 254 };
const url: JsonObject = { type: 'string', format: 'uri', pattern: '^https?://', maxLength: 2_000 };
const moment: JsonObject = { type: 'string', format: 'date-time', maxLength: 40 };
const words: JsonObject = { type: 'array', maxItems: 100, items: line(100) };

/** Where a record has its number: the same one in two systems is two records. */
const external: JsonObject = { externalId: line(200), externalSource: line(100) };
const EXTERNAL_KEY = ['externalSource', 'externalId'];

function schemaOf(required: readonly string[], properties: JsonObject): JsonObject {
  return {
    type: 'object',
    required: [...required],
    properties: { ...external, ...properties },
    additionalProperties: false,
  };
}

const ORGANIZATION: CoreRecordType = {
  name: 'organization',
  title: 'Organization',
  schema: schemaOf(['name'], {
    slug,
    name: line(200),
    legalName: line(200),
    description: prose(20_000),
    email,
    phone: line(50),
    website: url,
    street: line(200),
    city: line(100),
    region: line(100),
    postalCode: line(20),
    country: line(100),
    status: line(50),
    tags: words,
  }),
  keys: [EXTERNAL_KEY, ['slug']],
  likeness: ['name'],
  slugs: { slug: 'name' },
};

const MEMBER: CoreRecordType = {
  name: 'member',
  title: 'Member',
  schema: schemaOf(['name'], {
    name: line(200),
    organization: slug,
    email,
    phone: line(50),
    role: line(100),
    title: line(100),
    bio: prose(20_000),
    joinedOn: { type: 'string', format: 'date', maxLength: 10 },
    status: line(50),
    tags: words,
  }),
  keys: [EXTERNAL_KEY, ['organization', 'email']],
  likeness: ['organization', 'name'],
  references: { organization: 'organization' },
};

const POST: CoreRecordType = {
  name: 'post',
  title: 'Post',
  schema: schemaOf(['title'], {
    title: line(300),
    organization: slug,
    slug,
    url,
    author: line(200),
    summary: prose(5_000),
    body: prose(50_000),
    publishedAt: moment,
    status: line(50),
    tags: words,
  }),
  keys: [EXTERNAL_KEY, ['url'], ['organization', 'slug']],
  likeness: ['organization', 'title'],
  references: { organization: 'organization' },
};

const EVENT: CoreRecordType = {
  name: 'event',
  title: 'Event',
  schema: schemaOf(['title', 'startsAt'], {
    title: line(300),
    organization: slug,
    url,
    description: prose(50_000),
    location: line(300),
    startsAt: moment,
    endsAt: moment,
    status: line(50),
    tags: words,
  }),
  keys: [EXTERNAL_KEY, ['url'], ['organization', 'startsAt', 'title']],
  references: { organization: 'organization' },
};

export const CORE_MODULES: readonly CoreModule[] = [
  { name: 'organizations', title: 'Organizations', recordType: ORGANIZATION },
  { name: 'members', title: 'Members', recordType: MEMBER },
  { name: 'posts', title: 'Posts', recordType: POST },
  { name: 'events', title: 'Events', recordType: EVENT },
];

/** Names that no plugin can claim: with them what exists could be taken for what a plugin brought. */
export const CORE_MODULE_NAMES: ReadonlySet<string> = new Set(CORE_MODULES.map(({ name }) => name));
export const CORE_RECORD_TYPES: ReadonlyMap<string, CoreRecordType> = new Map(
  CORE_MODULES.map(({ recordType }) => [recordType.name, recordType]),
);
