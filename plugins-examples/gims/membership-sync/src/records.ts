/** What the records say: organizations, and who belongs to them. */
import type { Host, SoukRecord } from 'souk/sdk';

export type Organization = { readonly id: string; readonly slug: string; readonly name: string };

/** @param only slugs; all organizations where empty */
export async function readOrganizations(host: Host, only: readonly string[]): Promise<Organization[]> {
  const records = await readAll(host, 'organization');
  const wanted = new Set(only);
  return records
    .map(({ id, data }) => ({ id, slug: String(data['slug'] ?? ''), name: String(data['name'] ?? '') }))
    .filter(({ slug }) => slug !== '' && (wanted.size === 0 || wanted.has(slug)))
    .sort((left, right) => (left.slug < right.slug ? -1 : 1));
}

/** @returns addresses, each once and in order, of the members that have one and have not left */
export async function readMembers(host: Host, organization: string): Promise<string[]> {
  const { leftStatuses } = host.config as { leftStatuses: readonly string[] };
  const left = new Set(leftStatuses.map((status) => status.toLowerCase()));
  const records = await readAll(host, 'member', { organization });
  const staying = records.filter(({ data }) => !left.has(String(data['status'] ?? '').toLowerCase()));
  const emails = staying.map(({ data }) => String(data['email'] ?? '').toLowerCase());
  return [...new Set(emails.filter((email) => email !== ''))].sort();
}

async function readAll(host: Host, type: string, filter: Record<string, string> = {}): Promise<SoukRecord[]> {
  const found: SoukRecord[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page: Awaited<ReturnType<Host['records']['list']>> = await host.records.list({
      type,
      filter,
      ...(after === '' ? {} : { after }),
    });
    found.push(...page.items);
    after = page.next;
  }
  return found;
}
