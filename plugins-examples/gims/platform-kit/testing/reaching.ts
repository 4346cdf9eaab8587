/** A manifest whose plugin may also go to the server that answers in place of a platform. */
type Permission = { readonly name: string; readonly scope?: readonly string[] };

/** @param origin such as `http://127.0.0.1:8025` */
export function reaching<Manifest extends { readonly permissions: readonly Permission[] }>(
  manifest: Manifest,
  origin: string,
): Manifest {
  const permissions = manifest.permissions.map((permission) =>
    permission.name === 'http.fetch'
      ? { ...permission, scope: [...(permission.scope ?? []), `${origin}/*`] }
      : permission,
  );
  return { ...manifest, permissions };
}
