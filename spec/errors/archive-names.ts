import type { ErrorCodeEntry } from './entry.ts';

/** Names of files and folders in an archive. */
export const ARCHIVE_NAME_ERRORS = {
  archive_name_encoding: {
    status: 422,
    kind: 'evidence',
    title: 'The name of an entry is not UTF-8.',
    hint: 'Write names in UTF-8.',
  },
  archive_name_flag: {
    status: 422,
    kind: 'evidence',
    title: 'A name beyond ASCII is not marked as UTF-8 (general purpose flag bit 11).',
    hint: 'Use ASCII names, or a tool that sets the flag, such as souk pack.',
  },
  archive_name_empty: {
    status: 422,
    kind: 'evidence',
    title: 'The name of an entry is empty or has an empty part.',
    hint: 'Give every part of the path a name.',
  },
  archive_name_absolute: {
    status: 422,
    kind: 'evidence',
    title: 'The name of an entry is an absolute path.',
    hint: 'Pack paths relative to the folder of the plugin.',
  },
  archive_name_traversal: {
    status: 422,
    kind: 'evidence',
    title: 'The name of an entry has a part . or .. in it.',
    hint: 'Pack plain relative paths.',
  },
  archive_name_backslash: {
    status: 422,
    kind: 'evidence',
    title: 'The name of an entry has a backslash in it.',
    hint: 'Use / between folders, as the ZIP format demands; Compress-Archive of Windows PowerShell 5 does not, souk pack does.',
  },
  archive_name_character: {
    status: 422,
    kind: 'evidence',
    title: 'The name of an entry has a character that is not allowed.',
    hint: 'Use letters, digits, spaces and - _ . ( ) [ ] + , @ # $ % & = ~ ! in names.',
  },
  archive_name_normalization: {
    status: 422,
    kind: 'evidence',
    title: 'The name of an entry is not in Unicode normal form, so that it can be spelled in two ways.',
    hint: 'Rename the file in NFC without compatibility characters.',
  },
  archive_name_trailing: {
    status: 422,
    kind: 'evidence',
    title: 'A part of the name of an entry ends in a dot or a space, which some systems drop.',
    hint: 'Rename the file.',
  },
  archive_name_reserved: {
    status: 422,
    kind: 'evidence',
    title:
      'A part of the name of an entry is the name of a device, or the short form of another name, on Windows.',
    hint: 'Rename the file.',
  },
  archive_name_too_long: {
    status: 422,
    kind: 'limit',
    title: 'The name of an entry is too long.',
    hint: 'Names have at most 512 bytes, each part at most 255.',
  },
  archive_name_too_deep: {
    status: 422,
    kind: 'limit',
    title: 'An entry lies too deep.',
    hint: 'At most 32 levels are allowed.',
  },
  archive_name_duplicate: {
    status: 422,
    kind: 'evidence',
    title: 'Two entries have the same name.',
    hint: 'Pack every file once.',
  },
  archive_name_collision: {
    status: 422,
    kind: 'evidence',
    title: 'Two names differ in case or spelling only, and are one file on some systems.',
    hint: 'Rename one of the two.',
  },
  archive_name_file_and_folder: {
    status: 422,
    kind: 'evidence',
    title: 'One name is used both for a file and for a folder.',
    hint: 'Rename one of the two.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
