/**
 * Downloads of what anybody may have. While an archive lies in memory it is answered before the router of the API sees
 * the request, as plugin calls are: a database and an organization have no part in it, and objects for request,
 * response and headers cost more than to send the bytes.
 */
import type { IncomingMessage } from 'node:http';
import type { GatewayAnswer } from '../gateway/answer.ts';
import { archiveKey, type ArchiveCache, type CachedArchive } from '../runtime/archive-cache.ts';
import { isOriginNamed, type RequestTarget } from './target.ts';

/** As the route table has it. */
export const ARCHIVE_PATH = '/api/v1/packages/:publisher/:name/versions/:version/archive';
/** The same where no character is written otherwise than it is meant. */
const PLAIN_ARCHIVE_PATH = /^\/api\/v1\/packages\/([\w-]+)\/([\w-]+)\/versions\/([\w.-]+)\/archive$/u;

/** Immutable: a version's bytes never change. */
const FOREVER = 'public, max-age=31536000, immutable';
const PRIVATE = 'private, no-cache';

export type ArchiveName = { readonly publisher: string; readonly name: string; readonly version: string };

/** @param audience `anyone` lets every cache on the way keep it */
export function archiveHeaders(
  { sha256 }: CachedArchive,
  { publisher, name, version }: ArchiveName,
  audience: 'anyone' | 'viewer',
): Record<string, string> {
  return {
    'content-type': 'application/zip',
    etag: `"${sha256}"`,
    'cache-control': audience === 'anyone' ? FOREVER : PRIVATE,
    'x-content-type-options': 'nosniff',
    'content-disposition': `attachment; filename="${publisher}.${name}-${version}.zip"`,
  };
}

/**
 * @returns the answer that the route would give, or undefined where that has something to check, to refuse or to ask:
 *   a token, a query, another method
 */
export function readyArchiveAnswer(
  archives: ArchiveCache,
  incoming: IncomingMessage,
  { pathname, search }: RequestTarget,
): GatewayAnswer | undefined {
  if (incoming.method !== 'GET' || search !== '') return undefined;
  const [path, publisher = '', name = '', version = ''] = PLAIN_ARCHIVE_PATH.exec(pathname) ?? [];
  if (path === undefined) return undefined;
  const archive = archives.ready(archiveKey(publisher, name, version));
  if (!archive || !isPlain(incoming)) return undefined;
  const headers = archiveHeaders(archive, { publisher, name, version }, 'anyone');
  return { status: 200, headers: Object.entries(headers), body: archive.content };
}

/** Nobody in particular asks, and of a host that is one. */
function isPlain(incoming: IncomingMessage): boolean {
  const { authorization, host } = incoming.headers;
  return authorization === undefined && host !== undefined && isOriginNamed(incoming, host);
}
