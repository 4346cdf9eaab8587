import { COUNT, line, listOf, OPEN, shape, text, type Contract } from './contract.ts';

const name = line(63, 'A word such as import-members.');

/** Jobs that a plugin knows to do, besides the commands of its manifest. */
export const JOB_RUNNER: Contract = {
  id: 'job-runner@1',
  summary: 'Lists jobs and runs one of them.',
  actions: {
    listJobs: {
      summary: 'The jobs that can be run.',
      input: shape({}),
      output: shape({ jobs: listOf(shape({ name }, { title: text(80), arguments: OPEN }), 200) }),
      errors: {},
    },
    runJob: {
      summary: 'Runs a job to its end.',
      input: shape({ name, arguments: OPEN }),
      output: shape({ result: {} }),
      errors: {
        job_unknown: 'There is no job of this name.',
        arguments_invalid: 'The job does not take these arguments.',
      },
    },
  },
};

export const DATA_EXPORTER: Contract = {
  id: 'data-exporter@1',
  summary: 'Writes records in a format of the world outside.',
  actions: {
    export: {
      summary: 'One page of the export as text; the pages joined are the file.',
      input: shape({ type: line(64), records: listOf(OPEN, 500) }, { cursor: text(500), options: OPEN }),
      output: shape(
        { mediaType: line(100), text: text(900_000), rows: COUNT },
        { nextCursor: text(500), fileName: text(255) },
      ),
      errors: { record_type_unknown: 'The plugin does not write this record type.' },
    },
  },
};

/** Lines for people at a terminal, beyond the commands of the manifest. */
export const CLI_COMMAND_PROVIDER: Contract = {
  id: 'cli-command-provider@1',
  summary: 'Offers commands that are known only when somebody asks, and runs them.',
  actions: {
    listCommands: {
      summary: 'The commands that can be run.',
      input: shape({}),
      output: shape({ commands: listOf(shape({ name }, { title: text(80), usage: text(500) }), 200) }),
      errors: {},
    },
    runCommand: {
      summary: 'Runs a command with its words and answers what a terminal shows.',
      input: shape({ name, words: listOf(text(1_000), 100) }),
      output: shape({
        lines: listOf(text(1_000), 1_000),
        exitCode: { type: 'integer', minimum: 0, maximum: 255 },
      }),
      errors: { command_unknown: 'There is no command of this name.' },
    },
  },
};
