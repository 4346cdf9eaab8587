/** Where a PostgreSQL database is: an address, or a socket folder of the built-in one. */
export type ConnectionTarget =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'socket'; readonly folder: string; readonly user: string; readonly database: string };
