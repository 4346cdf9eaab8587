/** The four kinds of record that are imported, and which fields each has. */

export type RecordKind = 'organization' | 'member' | 'post' | 'event';

export type KindOfRecord = {
  readonly kind: RecordKind;
  /** Without these a row is no such record. */
  readonly required: readonly string[];
  readonly fields: readonly string[];
};

const EXTERNAL = ['externalId', 'externalSource'];

export const KINDS: readonly KindOfRecord[] = [
  {
    kind: 'organization',
    required: ['name'],
    fields: [
      ...EXTERNAL,
      'slug',
      'name',
      'legalName',
      'description',
      'email',
      'phone',
      'website',
      'street',
      'city',
      'region',
      'postalCode',
      'country',
      'status',
      'tags',
    ],
  },
  {
    kind: 'member',
    required: ['name'],
    fields: [
      ...EXTERNAL,
      'name',
      'organization',
      'email',
      'phone',
      'role',
      'title',
      'bio',
      'joinedOn',
      'status',
      'tags',
    ],
  },
  {
    kind: 'post',
    required: ['title'],
    fields: [
      ...EXTERNAL,
      'title',
      'organization',
      'slug',
      'url',
      'author',
      'summary',
      'body',
      'publishedAt',
      'status',
      'tags',
    ],
  },
  {
    kind: 'event',
    required: ['title', 'startsAt'],
    fields: [
      ...EXTERNAL,
      'title',
      'organization',
      'url',
      'description',
      'location',
      'startsAt',
      'endsAt',
      'status',
      'tags',
    ],
  },
];

/** Other spellings of headers, in lower case and without spaces and signs. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['id', 'externalId'],
  ['number', 'externalId'],
  ['source', 'externalSource'],
  ['organisation', 'organization'],
  ['organizationslug', 'organization'],
  ['mail', 'email'],
  ['emailaddress', 'email'],
  ['telephone', 'phone'],
  ['phonenumber', 'phone'],
  ['url', 'website'],
  ['homepage', 'website'],
  ['zip', 'postalCode'],
  ['zipcode', 'postalCode'],
  ['postcode', 'postalCode'],
  ['joined', 'joinedOn'],
  ['published', 'publishedAt'],
  ['content', 'body'],
  ['start', 'startsAt'],
  ['starts', 'startsAt'],
  ['startdate', 'startsAt'],
  ['end', 'endsAt'],
  ['ends', 'endsAt'],
  ['enddate', 'endsAt'],
  ['venue', 'location'],
]);

/** The one field that holds several values. */
const LIST_FIELD = 'tags';

/** @returns the field that a column is about: by the mapping that was configured, its own name, or another spelling */
export function fieldOf(
  column: string,
  { fields }: KindOfRecord,
  mapping: ReadonlyMap<string, string>,
): string | undefined {
  const mapped = mapping.get(column.trim());
  if (mapped !== undefined) return fields.find((field) => field === mapped);
  const plain = plainOf(column);
  return (
    fields.find((field) => plainOf(field) === plain) ?? fields.find((field) => field === ALIASES.get(plain))
  );
}

function plainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/gu, '');
}

/** What a cell says as the value of a field. Text stays text, whatever it looks like; a list is split. */
export function valueOf(field: string, cell: string): string | string[] {
  if (field !== LIST_FIELD) return cell;
  return cell
    .split(/[,;|]/u)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
