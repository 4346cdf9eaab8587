/** RFC 9562, section 4, in the lower case in which PostgreSQL writes it. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

/** Whether a text may stand where the database expects an id; anything else makes PostgreSQL fail the query. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
