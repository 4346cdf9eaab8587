/** Imports that a plugin begins by itself, in a command for instance: one batch over many proposals. */
import type { JsonObject, JsonValue } from '../json.ts';
import type { Counts } from '../records/verdict.ts';
import { Refusal } from '../refusal.ts';
import type { RunFile } from '../run.ts';
import type { Capability } from './capability.ts';
import type { Proposer, RecordsContext } from './records.ts';

export type ImportMode = 'apply' | 'dryRun';

/** What the run of a plugin begins by itself. */
export type GuestImport = {
  readonly orgId: string;
  readonly proposer: Proposer;
  /** Name of the record type, bare or qualified. */
  readonly type: string;
  readonly file: RunFile | null;
  readonly mode: ImportMode;
  /** The job that the run is, which goes on with the same import where it was cut off. */
  readonly jobId: string | null;
};

export type ImportPort = {
  /**
   * @returns the id of the import; of the one that is under way where the same job begins again
   * @throws Refusal `record_type_unknown`, `record_type_not_in_force`, `name_ambiguous`
   */
  beginOwn(wish: GuestImport): Promise<string>;
  /**
   * @param problem what is wrong with the source as a whole
   * @throws Refusal `import_not_running`
   */
  endOwn(
    orgId: string,
    installationId: string,
    importId: string,
    problem: string | null,
  ): Promise<{ readonly id: string; readonly counts: Counts }>;
};

/** The run, from the supervisor's record: its files, and the job that it is. */
export type ImportsContext = RecordsContext & {
  readonly files: readonly RunFile[];
  readonly trigger: { readonly kind: string; readonly job?: { readonly id: string } };
};

const TEXT: JsonObject = { type: 'string', minLength: 1, maxLength: 200 };

/**
 * `records.begin({ type, file, dryRun })` → `{ import }`, the same one where a job that was cut off begins again ·
 * `records.end({ import, problem })` → `{ import, accepted, merged, unchanged, rejected, held }`.
 */
export function importCapabilities(imports: ImportPort): Capability<ImportsContext>[] {
  return [
    {
      name: 'records.begin',
      argumentSchema: {
        type: 'object',
        required: ['type'],
        additionalProperties: false,
        properties: { type: TEXT, file: TEXT, dryRun: { type: 'boolean' } },
      },
      requires: ({ type }) => ({ name: 'records.propose', scope: [String(type)] }),
      act: async (args, context) => ({ import: await imports.beginOwn(ownImport(args, context)) }),
    },
    {
      name: 'records.end',
      argumentSchema: {
        type: 'object',
        required: ['import'],
        additionalProperties: false,
        properties: { import: TEXT, problem: { type: 'string', maxLength: 2_000 } },
      },
      // It ends what the permission had been needed for, and nothing else.
      requires: () => null,
      act: async ({ import: id, problem }, { guest }): Promise<JsonValue> => {
        const text = problem === undefined || problem === '' ? null : String(problem);
        const ended = await imports.endOwn(guest.org.id, guest.installationId, String(id), text);
        return { import: ended.id, ...ended.counts };
      },
    },
  ];
}

/** @throws Refusal `record_request_invalid` for a file that was not handed to this run */
function ownImport(
  { type, file, dryRun }: JsonObject,
  { guest, files, trigger }: ImportsContext,
): GuestImport {
  const handed = file === undefined ? null : files.find(({ id, name }) => id === file || name === file);
  if (handed === undefined)
    throw new Refusal('record_request_invalid', {
      detail: 'No file of this id or name was handed to this run.',
    });
  const { installationId, plugin, digest } = guest;
  return {
    orgId: guest.org.id,
    proposer: { installationId, plugin: { id: plugin.id, version: plugin.version }, digest },
    type: String(type),
    file: handed,
    mode: dryRun === true ? 'dryRun' : 'apply',
    jobId: trigger.job?.id ?? null,
  };
}
