/** Names inside the built-in PostgreSQL. */
export const SUPERUSER = 'postgres';
export const SOUK_ROLE = 'souk';
export const SOUK_DATABASE = 'souk';
