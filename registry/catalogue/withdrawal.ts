import { isPluginId, splitPluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Transaction } from '../../database/index.ts';
import { PluginEntity } from '../entities/index.ts';
import type { Author } from './author.ts';
import { type CataloguePorts, changeVersion, checkReason, type VersionAddress } from './change-version.ts';
import type { FoundVersion } from './find-version.ts';
import { idOf, type VersionSummary } from './plugin-page.ts';

type Request = VersionAddress & { readonly author: Author };

/**
 * Hides a version from new resolutions (as PyPI's PEP 592): who has it locked keeps it, an exact pin may still choose
 * it, and its bytes are still served. Again with another reason replaces the reason.
 * @throws Refusal `not_found`, `reason_invalid`, or as `Author.requirePublisher`
 */
export async function yankVersion(
  ports: CataloguePorts,
  request: Request & { readonly reason: string },
): Promise<VersionSummary> {
  const reason = checkReason(request.reason);
  return withdraw(ports, request, ({ version }) => {
    if (version.yankedAt && version.yankReason === reason) return undefined;
    version.yankedAt ??= ports.now();
    version.yankReason = reason;
    return { action: 'package.yanked', detail: { reason } };
  });
}

/** Offers a yanked version again; one that is not yanked stays as it is. @throws Refusal as `yankVersion` */
export async function unyankVersion(ports: CataloguePorts, request: Request): Promise<VersionSummary> {
  return withdraw(ports, request, ({ version }) => {
    if (!version.yankedAt) return undefined;
    version.yankedAt = null;
    version.yankReason = null;
    return { action: 'package.unyanked', detail: {} };
  });
}

/**
 * Declares a version unsafe, for good: it is offered to nobody, and what has it installed is told. Again changes
 * nothing.
 * @throws Refusal `not_found`, `reason_invalid`, `version_not_revocable`, or as `Author.requirePublisher`
 */
export async function revokeVersion(
  ports: CataloguePorts,
  request: Request & { readonly reason: string },
): Promise<VersionSummary> {
  const reason = checkReason(request.reason);
  return withdraw(ports, request, ({ version }) => {
    if (version.state === 'revoked') return undefined;
    if (version.state !== 'approved')
      throw new Refusal('version_not_revocable', { detail: `The version is ${version.state}.` });
    version.state = 'revoked';
    version.stateReason = reason;
    return { action: 'package.revoked', detail: { reason } };
  });
}

/**
 * Advises against a version, which stays offered.
 * @param request.replacement id of the plugin to use instead, which whoever deprecates must be able to see
 * @throws Refusal `not_found`, `reason_invalid`, `replacement_unknown`, or as `Author.requirePublisher`
 */
export async function deprecateVersion(
  ports: CataloguePorts,
  request: Request & { readonly reason: string; readonly replacement?: string },
): Promise<VersionSummary> {
  const reason = checkReason(request.reason);
  return withdraw(ports, request, async (found, tx) => {
    const { version } = found;
    await requireReplacement(tx, found, request.replacement);
    version.deprecatedAt ??= ports.now();
    version.deprecationReason = reason;
    version.replacement = request.replacement ?? null;
    return { action: 'package.deprecated', detail: { reason, replacement: request.replacement ?? null } };
  });
}

/** Takes a deprecation back. @throws Refusal as `deprecateVersion` */
export async function undeprecateVersion(ports: CataloguePorts, request: Request): Promise<VersionSummary> {
  return withdraw(ports, request, ({ version }) => {
    if (!version.deprecatedAt) return undefined;
    version.deprecatedAt = null;
    version.deprecationReason = null;
    version.replacement = null;
    return { action: 'package.undeprecated', detail: {} };
  });
}

type Event = { readonly action: string; readonly detail: { readonly [key: string]: string | null } };

async function withdraw(
  ports: CataloguePorts,
  request: Request,
  change: (found: FoundVersion, tx: Transaction) => Event | undefined | Promise<Event | undefined>,
): Promise<VersionSummary> {
  const { author, id, version } = request;
  if (!isPluginId(id)) throw new Refusal('not_found', { detail: 'This is no plugin id.' });
  const { orgId } = await ports.database.transaction({ kind: 'instance' }, (tx) =>
    author.requirePublisher(tx, splitPluginId(id).publisher),
  );
  const scope = { kind: 'org', orgId } as const;
  return changeVersion(ports, { scope, actor: author.actor, address: { id, version } }, async (found, tx) =>
    change(found, tx),
  );
}

/** A public plugin must not point to a private one: the name would be told to everyone. */
async function requireReplacement(
  tx: Transaction,
  found: FoundVersion,
  replacement: string | undefined,
): Promise<void> {
  if (replacement === undefined) return;
  const target =
    isPluginId(replacement) && replacement !== idOf(found.plugin)
      ? await tx.em.findOne(PluginEntity, splitPluginId(replacement))
      : null;
  if (!target || (found.plugin.visibility === 'public' && target.visibility === 'private'))
    throw new Refusal('replacement_unknown', {
      detail: isPluginId(replacement)
        ? `${replacement} cannot be named here.`
        : 'The replacement is no plugin id.',
    });
}
