import { line, listOf, OPEN, shape, text, type Contract } from './contract.ts';

const type = line(64, 'A record type, such as organization.');
const record = shape({ type, data: OPEN }, { id: text(64) });
const problems = listOf(
  shape({ message: line(500) }, { pointer: text(500, 'JSON pointer into the data.') }),
  1_000,
);
const errors = { record_type_unknown: 'The plugin does not know this record type.' };

/** The same data in one spelling: links, places, telephone numbers. Fit for a pipeline. */
export const SOURCE_NORMALIZER: Contract = {
  id: 'source-normalizer@1',
  summary: 'Brings the data of a record into one spelling.',
  actions: {
    normalize: {
      summary: 'Answers the record with its data normalized; what it does not know it leaves as it is.',
      input: shape({ type, data: OPEN }, { problems }),
      output: shape({ type, data: OPEN }, { problems }),
      errors,
    },
  },
};

export const SOURCE_MATCHER: Contract = {
  id: 'source-matcher@1',
  summary: 'Says which of some records are the same thing in the world.',
  actions: {
    match: {
      summary: 'Compares one record with candidates.',
      input: shape({ record, candidates: listOf(record, 200) }),
      output: shape({
        matches: listOf(
          shape({ id: line(64), score: { type: 'number', minimum: 0, maximum: 1 } }, { reason: text(500) }),
          200,
        ),
      }),
      errors,
    },
  },
};

/** What can be said of a profile beyond what it says itself, as proposals with their evidence. */
export const PROFILE_ENRICHER: Contract = {
  id: 'profile-enricher@1',
  summary: 'Finds out more about a profile, from its own text or elsewhere.',
  actions: {
    enrich: {
      summary: 'Answers values for fields of the profile, each with what it was concluded from.',
      input: shape({ record }),
      output: shape({
        proposals: listOf(
          shape(
            { field: line(100), value: {} },
            { evidence: text(1_000), confidence: { type: 'number', minimum: 0, maximum: 1 } },
          ),
          200,
        ),
      }),
      errors,
    },
  },
};
