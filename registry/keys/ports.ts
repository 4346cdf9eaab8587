import type { Database } from '../../database/index.ts';

/** What the keys of publishers are kept with. */
export type KeyPorts = {
  readonly database: Database;
  /** Scheme, host and port of this registry, the same on every server; a proof names it. */
  readonly origin: string;
  readonly now: () => Date;
};
