import type { ErrorCodeEntry } from './entry.ts';

/** The archive as a whole: its end record, its directory, and reading it at all. */
export const ARCHIVE_STRUCTURE_ERRORS = {
  archive_too_large: {
    status: 413,
    kind: 'limit',
    title: 'The archive is larger than a package may be.',
    hint: 'Leave out what the plugin does not need at run time; a package has at most 50 MiB.',
  },
  archive_end_record_missing: {
    status: 422,
    kind: 'evidence',
    title: 'The bytes are not a whole ZIP archive: no end record was found.',
    hint: 'Send the archive whole; rebuild it with souk pack if it was cut off.',
  },
  archive_trailing_bytes: {
    status: 422,
    kind: 'evidence',
    title: 'Bytes follow the end record of the archive.',
    hint: 'Remove what follows the archive, or rebuild it with souk pack.',
  },
  archive_end_record_ambiguous: {
    status: 422,
    kind: 'evidence',
    title: 'The archive has more than one end record that could be meant.',
    hint: 'Rebuild the archive with souk pack.',
  },
  archive_comment_ambiguous: {
    status: 422,
    kind: 'evidence',
    title: 'The comment of the archive holds the letters PK, which some readers take for a record.',
    hint: 'Remove the comment of the archive.',
  },
  archive_split: {
    status: 422,
    kind: 'evidence',
    title: 'The archive says that it is one part of several.',
    hint: 'Make one whole archive; split archives are not read.',
  },
  archive_empty: {
    status: 422,
    kind: 'evidence',
    title: 'The archive has no entries.',
    hint: 'Pack the folder that holds manifest.json.',
  },
  archive_too_many_entries: {
    status: 413,
    kind: 'limit',
    title: 'The archive has more files and folders than a package may have.',
    hint: 'Bundle the code and leave out what is not needed; 5,000 files and folders, implied ones included, are allowed.',
  },
  archive_zip64_locator_missing: {
    status: 422,
    kind: 'evidence',
    title: 'The end record points to a zip64 record, but no zip64 locator stands before it.',
    hint: 'Rebuild the archive with souk pack.',
  },
  archive_zip64_record_misplaced: {
    status: 422,
    kind: 'evidence',
    title: 'The zip64 end record does not stand immediately before its locator.',
    hint: 'Rebuild the archive with souk pack.',
  },
  archive_zip64_record_invalid: {
    status: 422,
    kind: 'evidence',
    title: 'The zip64 end record is malformed.',
    hint: 'Rebuild the archive with souk pack.',
  },
  archive_zip64_record_mismatch: {
    status: 422,
    kind: 'evidence',
    title: 'The zip64 end record contradicts the plain one.',
    hint: 'Rebuild the archive with souk pack.',
  },
  archive_zip64_extra_invalid: {
    status: 422,
    kind: 'evidence',
    title: 'A zip64 extra field does not hold exactly the fields that are too large for the plain ones.',
    hint: 'Rebuild the archive with souk pack.',
  },
  archive_directory_bounds: {
    status: 422,
    kind: 'evidence',
    title: 'The central directory does not lie where the end record says.',
    hint: 'Rebuild the archive; prepended or inserted bytes are not allowed.',
  },
  archive_directory_invalid: {
    status: 422,
    kind: 'evidence',
    title: 'The central directory holds something that is not a whole record of it.',
    hint: 'Rebuild the archive with souk pack.',
  },
  archive_directory_count: {
    status: 422,
    kind: 'evidence',
    title: 'The central directory has another number of records than the end record says.',
    hint: 'Rebuild the archive with souk pack.',
  },
  archive_readers_disagree: {
    status: 422,
    kind: 'evidence',
    title: 'A second ZIP reader understands the archive in another way.',
    hint: 'Rebuild the archive with souk pack.',
  },
  archive_read_timeout: {
    status: 422,
    kind: 'limit',
    title: 'Reading the package took too long.',
    hint: 'Make the package smaller and simpler.',
  },
  archive_read_memory: {
    status: 422,
    kind: 'limit',
    title: 'Reading the package took too much memory.',
    hint: 'Make the package smaller and simpler.',
  },
  archive_reader_busy: {
    status: 503,
    kind: 'state',
    title: 'Too many packages are being read.',
    hint: 'Try again shortly.',
    retryAfterSeconds: 2,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
