/** Members of a group, by address or by Google's own id. */
import { memberNotFound, PlatformError } from '../../platform-kit/errors.ts';
import { DuplicateError, type Google } from './api.ts';
import type { Group } from './groups.ts';

export type Person = { readonly id: string; readonly name?: string };
type Listed = { members?: { id: string; email?: string }[]; nextPageToken?: string };

/** "Members: list" gives at most so many. */
const PAGE = 200;
const KEY = /^[^\s/@]+(?:@[^\s/@]+)?$/u;
const DOTS = /^\.+$/u;

const membersOf = ({ id }: Group): string => `/groups/${encodeURIComponent(id)}/members`;

export async function addPerson(group: Group, { id }: Person, google: Google): Promise<'now' | 'before'> {
  const who = requireKey(id).includes('@') ? { email: id } : { id };
  try {
    await google.directory('POST', membersOf(group), { ...who, role: 'MEMBER' });
    return 'now';
  } catch (error) {
    if (error instanceof DuplicateError) return 'before';
    throw error;
  }
}

export async function removePerson(group: Group, { id }: Person, google: Google): Promise<'now' | 'before'> {
  try {
    await google.directory('DELETE', `${membersOf(group)}/${encodeURIComponent(requireKey(id))}`);
    return 'now';
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'member_not_found') return 'before';
    throw error;
  }
}

export async function listPeople(
  group: Group,
  cursor: string | undefined,
  google: Google,
): Promise<{ members: Person[]; nextCursor?: string }> {
  const page = new URLSearchParams({
    maxResults: String(PAGE),
    ...(cursor === undefined ? {} : { pageToken: cursor }),
  });
  const { members = [], nextPageToken } = await google.directory<Listed>(
    'GET',
    `${membersOf(group)}?${page}`,
  );
  return {
    // A member can be the whole customer, which has an id and no address.
    members: members.map(({ id, email }) => ({ id: email ?? id })),
    ...(nextPageToken === undefined ? {} : { nextCursor: nextPageToken }),
  };
}

function requireKey(id: string): string {
  if (KEY.test(id) && !DOTS.test(id)) return id;
  throw memberNotFound('A person on Google has an address or an id.');
}
