/** Groups of the configured domain and prefix. No others are touched, whatever the service account may do. */
import { fromHostCall, groupNotFound, messageOf, refused, PlatformError } from '../../platform-kit/errors.ts';
import type { Host } from 'souk/sdk';
import { DuplicateError, type Google } from './api.ts';

export type Group = { readonly id: string; readonly email: string; readonly name: string };
export type NewGroup = {
  readonly name: string;
  readonly description?: string;
  readonly visibility?: 'public' | 'private';
};

/** Groups Settings API, "Groups: resource". */
const SETTINGS = {
  private: { whoCanJoin: 'INVITED_CAN_JOIN', whoCanViewGroup: 'ALL_MEMBERS_CAN_VIEW' },
  public: { whoCanJoin: 'ALL_IN_DOMAIN_CAN_JOIN', whoCanViewGroup: 'ALL_IN_DOMAIN_CAN_VIEW' },
} as const;
/** What RFC 5321 section 4.5.3.1.1 lets be before the `@`, without the longest prefix. */
const LOCAL_CHARS_MAX = 34;
/** A unique id or an address: never a path. */
const KEY = /^[a-z0-9][a-z0-9._+@-]{0,199}$/iu;

/** @returns the group of this name, made where there is none */
export async function ensureGroup(wanted: NewGroup, google: Google, host: Host): Promise<Group> {
  const name = wanted.name.trim();
  if (name === '') throw refused('Google takes no group without a name.');
  const email = `${google.prefix}${await localPart(name)}@${google.domain}`;
  const { description = '', visibility } = wanted;
  try {
    const body = { email, name, description };
    const made = await google.directory<Group>('POST', '/groups', body);
    await settleOrTakeBack(made, visibility ?? 'private', google, host);
    return made;
  } catch (error) {
    if (!(error instanceof DuplicateError)) throw error;
    const there = await sameGroup(email, name, google);
    if (visibility) await google.settings(email, SETTINGS[visibility]);
    return there;
  }
}

/** A group that is open to more people than it should be does not stay. */
async function settleOrTakeBack(
  group: Group,
  visibility: 'public' | 'private',
  google: Google,
  host: Host,
): Promise<void> {
  try {
    await google.settings(group.email, SETTINGS[visibility]);
  } catch (error) {
    await google.directory('DELETE', `/groups/${encodeURIComponent(group.id)}`).catch((left: unknown) => {
      host.log.warn(`the group ${group.email} has Google's own settings and stayed:`, messageOf(left));
    });
    throw error;
  }
}

async function sameGroup(email: string, name: string, google: Google): Promise<Group> {
  const there = await google.directory<Group>('GET', `/groups/${encodeURIComponent(email)}`);
  if (there.name === name) return there;
  throw refused(`The address ${email} belongs to the group ${JSON.stringify(there.name)}.`);
}

/** `chess-club` of `Chess Club`; where letters are lost, a part of a digest keeps names apart. */
async function localPart(name: string): Promise<string> {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const words = (plain.match(/[a-z0-9]+/gu) ?? []).join('-');
  const isWhole = !/[^\P{L}a-z]|[^\P{N}0-9]/u.test(plain) && words !== '' && words.length <= LOCAL_CHARS_MAX;
  if (isWhole) return words;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(name));
  const mark = Array.from(new Uint8Array(digest).subarray(0, 5), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  return `${words.slice(0, LOCAL_CHARS_MAX - mark.length - 1) || 'group'}-${mark}`;
}

/** @throws PlatformError `group_not_found` for whatever is no group of the configured domain and prefix */
export async function requireGroup(key: string, google: Google): Promise<Group> {
  return requireOurs(await lookUp(requireKey(key), google), google);
}

/** @returns whether there was something to delete. One that is there and not ours is refused, as everywhere. */
export async function dropGroup(key: string, google: Google): Promise<'now' | 'before'> {
  const found = await lookUp(requireKey(key), google).catch((error: unknown) => {
    if (error instanceof PlatformError && error.code === 'group_not_found') return null;
    throw error;
  });
  if (!found) return 'before';
  await google.directory('DELETE', `/groups/${encodeURIComponent(requireOurs(found, google).id)}`);
  return 'now';
}

function requireKey(key: string): string {
  if (KEY.test(key)) return key;
  throw groupNotFound('The id of a Google group is its id or its address.');
}

const lookUp = (key: string, google: Google): Promise<Group> =>
  google.directory<Group>('GET', `/groups/${encodeURIComponent(key)}`);

function requireOurs(group: Group, { prefix, domain }: Google): Group {
  if (group.email.startsWith(prefix) && group.email.endsWith(`@${domain}`)) return group;
  throw groupNotFound('The group has an address that is not for this plugin to touch.');
}

/** Google takes messages by mail alone: from the organization's own sender, to the address of the group. */
export async function postByMail(
  { email }: Group,
  { text, title }: { text: string; title?: string },
  { mail }: Host,
): Promise<string> {
  const [firstLine = ''] = text.trim().split('\n');
  const subject = title ?? firstLine.slice(0, 80);
  try {
    return (await mail.send({ to: email, subject, text })).messageId;
  } catch (error) {
    throw fromHostCall('The group', error);
  }
}
