import type { Database } from '../../database/index.ts';
import type { Author } from '../catalogue/author.ts';
import type { BlobStore } from '../blobs/index.ts';
import type { PackageReader } from '../reader/index.ts';
import type { Resolution, ResolutionProblem } from '../resolver/index.ts';

/** What an instance does with a package that needs a second look. */
export type Decision = 'allow' | 'hold' | 'deny';

/** The publishing policy of an instance, for packages that everyone can see. */
export type PublishingSettings = {
  /** The first package of a publisher of whom nothing has been approved yet. */
  readonly firstPackage: Decision;
  /** A version that asks for permissions which the version before it did not ask for. */
  readonly morePermissions: Decision;
  /** Publishers to whom neither applies. */
  readonly trustedPublishers: ReadonlySet<string>;
};

/** What publishing works with. The server wires it once. */
export type PublishingPorts = {
  readonly database: Database;
  readonly blobs: BlobStore;
  /** Reads and inspects off the event loop. */
  readonly reader: Pick<PackageReader, 'read'>;
  /** Resolves off the event loop; the organizations of publishers take turns. */
  readonly resolver: { resolve(problem: ResolutionProblem, orgId: string): Promise<Resolution> };
  readonly settings: PublishingSettings;
  readonly now: () => Date;
};

/** Where a package goes: to everyone, or into the private registry of one organization. */
export type Destination =
  | { readonly kind: 'public' }
  | {
      readonly kind: 'private';
      /** The caller has made sure that the author may see this organization: its audit log is written to. */
      readonly orgId: string;
      /** Whether the organization takes packages without a signature. */
      readonly unsigned: 'allow' | 'refuse';
    };

export type PublishRequest = {
  readonly author: Author;
  readonly destination: Destination;
  /** The bytes as they came in. Where they own their buffer they are moved: empty once publishing has begun. */
  readonly archive: Uint8Array;
  /** The DSSE envelope as it came in. */
  readonly envelope?: Uint8Array;
};
