import { COUNT, line, listOf, OPEN, shape, text, type Contract } from './contract.ts';

const errors = {
  file_unreadable: 'The file is not of the format that the plugin reads.',
  columns_missing: 'Columns or members that every row needs are missing.',
  permission_missing: 'A permission that the plugin needs has not been granted.',
};

/**
 * Reads one file and proposes its rows as records (`host.records.propose`); Souk accepts, rejects or holds them. The
 * file is read through `host.files.stream(input.file.id)`.
 */
function importer(id: string, type: 'organization' | 'member' | 'post' | 'event'): Contract {
  return {
    id,
    summary: `Reads ${type}s from a file and proposes them as records.`,
    actions: {
      import: {
        summary: 'Reads the whole file, proposing its rows in batches; answers how many rows it has.',
        input: shape({
          import: shape({ id: line(64), type: { const: type }, dryRun: { type: 'boolean' } }),
          file: shape({ id: line(64), name: line(255), size: COUNT, sha256: line(64) }),
          options: OPEN,
        }),
        output: shape(
          { rows: COUNT },
          { problems: listOf(shape({ message: line(500) }, { row: COUNT, column: text(200) }), 1_000) },
        ),
        errors,
      },
    },
  };
}

export const ORGANIZATION_IMPORTER = importer('organization-importer@1', 'organization');
export const MEMBER_IMPORTER = importer('member-importer@1', 'member');
export const POST_IMPORTER = importer('post-importer@1', 'post');
export const EVENT_IMPORTER = importer('event-importer@1', 'event');
