/** `communication@1` on Google Groups. */
import type { Host, Json, Plugin } from 'souk/sdk';
import { openGoogle } from './api.ts';
import { dropGroup, ensureGroup, postByMail, requireGroup, type NewGroup } from './groups.ts';
import { addPerson, listPeople, removePerson, type Person } from './members.ts';

type Of<Input> = { readonly group: string } & Input;

const communication = {
  async createGroup(input: Json, host: Host) {
    const { id } = await ensureGroup(input as NewGroup, openGoogle(host), host);
    return { group: id };
  },
  async deleteGroup(input: Json, host: Host) {
    const { group } = input as Of<object>;
    return { deleted: await dropGroup(group, openGoogle(host)) };
  },
  async addMember(input: Json, host: Host) {
    const { group, member } = input as Of<{ member: Person }>;
    const google = openGoogle(host);
    return { added: await addPerson(await requireGroup(group, google), member, google) };
  },
  async removeMember(input: Json, host: Host) {
    const { group, member } = input as Of<{ member: Person }>;
    const google = openGoogle(host);
    return { removed: await removePerson(await requireGroup(group, google), member, google) };
  },
  async listMembers(input: Json, host: Host) {
    const { group, cursor } = input as Of<{ cursor?: string }>;
    const google = openGoogle(host);
    return listPeople(await requireGroup(group, google), cursor, google);
  },
  async postMessage(input: Json, host: Host) {
    const { group, ...message } = input as Of<{ text: string; title?: string }>;
    return { message: await postByMail(await requireGroup(group, openGoogle(host)), message, host) };
  },
};

export default {
  contracts: { 'communication@1': communication },
  async health(host) {
    const google = openGoogle(host);
    const page = new URLSearchParams({ domain: google.domain, maxResults: '1' });
    await google.directory('GET', `/groups?${page}`);
    return { ok: true, message: `groups of ${google.domain} can be read` };
  },
} satisfies Plugin;
