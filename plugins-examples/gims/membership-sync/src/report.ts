/** What a sync did, or would do. */

export type Change = {
  readonly kind: 'createGroup' | 'addMember' | 'removeMember';
  readonly organization: string;
  /** The plugin; `all` for a group that every platform would get. */
  readonly platform: string;
  readonly member?: string;
};

export type SyncFailure = Omit<Change, 'kind'> & { readonly message: string };

export type Report = {
  readonly dryRun: boolean;
  readonly organizations: number;
  readonly changes: readonly Change[];
  readonly failures: readonly SyncFailure[];
  /** Changes and failures beyond those that are listed. */
  readonly unlisted: number;
  /** What the sync had to do without. */
  readonly notes: readonly string[];
};

export type Ledger = {
  changed(change: Change): void;
  failed(failure: SyncFailure): void;
  close(rest: Pick<Report, 'dryRun' | 'organizations' | 'notes'>): Report;
};

/** What one answer holds, with room. */
const LISTED_MAX = 1_000;

export function openLedger(): Ledger {
  const changes: Change[] = [];
  const failures: SyncFailure[] = [];
  let unlisted = 0;
  const list = <Entry>(entries: Entry[], entry: Entry): void => {
    if (entries.length < LISTED_MAX) entries.push(entry);
    else unlisted += 1;
  };
  return {
    changed: (change) => list(changes, change),
    failed: (failure) => list(failures, failure),
    close: (rest) => ({ ...rest, changes, failures, unlisted }),
  };
}
