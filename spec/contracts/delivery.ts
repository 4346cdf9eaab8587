import { COUNT, line, listOf, oneOf, OPEN, shape, text, TIME, type Contract } from './contract.ts';

const address = shape({ address: { type: 'string', format: 'email', maxLength: 254 } }, { name: text(200) });

export const MAIL_SENDER: Contract = {
  id: 'mail-sender@1',
  summary: 'Sends mail through a provider.',
  actions: {
    send: {
      summary: 'Hands one mail over to the provider.',
      input: shape(
        { to: { ...listOf(address, 50), minItems: 1 }, subject: line(500) },
        { text: text(200_000), html: text(500_000), replyTo: address },
      ),
      output: shape(
        { messageId: line(500) },
        { rejected: listOf(shape({ address: text(254), reason: text(500) }), 50) },
      ),
      errors: {
        provider_refused: 'The provider does not take this mail.',
        provider_unavailable: 'The provider could not be reached, or asks to wait.',
      },
    },
    verify: {
      summary: 'Finds out whether the provider takes mail from us, without sending any.',
      input: shape({}),
      output: shape({ ok: { type: 'boolean' } }, { message: text(500) }),
      errors: {},
    },
  },
};

export const WEBHOOK: Contract = {
  id: 'webhook@1',
  summary: 'Delivers an event to an address outside.',
  actions: {
    deliver: {
      summary: 'Sends one event; what is not taken may be delivered again, under the same id.',
      input: shape(
        { id: line(200), event: line(120), data: OPEN, emittedAt: TIME },
        { attempt: { type: 'integer', minimum: 1 } },
      ),
      output: shape({ status: COUNT }, { elapsedMs: COUNT }),
      errors: {
        target_refused: 'The other side answered that it will never take this.',
        target_unavailable: 'The other side did not answer, or asks to come again.',
      },
    },
  },
};

const room = line(200, 'The id or the slug that the platform gave to the room.');
const person = shape({ id: line(200) }, { name: text(200) });
const roomErrors = {
  room_not_found: 'The platform has no such room.',
  platform_refused: 'The platform refused the action; the message says why.',
  platform_unavailable: 'The platform could not be reached, or asks to wait.',
};

/** Rooms in which a race is run, on racetime.gg and the like. */
export const RACE_ROOM: Contract = {
  id: 'race-room@1',
  summary: 'Rooms in which races are run.',
  actions: {
    openRoom: {
      summary: 'Opens a room for a race.',
      input: shape(
        { category: line(100), goal: line(200) },
        { info: text(1_000), startsAt: TIME, invite: listOf(person, 100) },
      ),
      output: shape({ room }, { url: text(2_048) }),
      errors: roomErrors,
    },
    readRoom: {
      summary: 'How a room stands.',
      input: shape({ room }),
      output: shape({
        room,
        state: oneOf('open', 'running', 'finished', 'canceled'),
        entrants: listOf(
          shape(
            { person, state: oneOf('entered', 'ready', 'racing', 'done', 'forfeited') },
            { place: { type: 'integer', minimum: 1 }, finishMs: COUNT },
          ),
          1_000,
        ),
      }),
      errors: roomErrors,
    },
    closeRoom: {
      summary: 'Closes a room; one that is closed is no error.',
      input: shape({ room }),
      output: shape({ closed: oneOf('now', 'before') }),
      errors: roomErrors,
    },
  },
};

/** Randomizers: the same settings and the same seed give the same game. */
export const SEED_GENERATOR: Contract = {
  id: 'seed-generator@1',
  summary: 'Generates seeds of a randomizer from settings.',
  actions: {
    describeSettings: {
      summary: 'The settings that the randomizer takes, as JSON Schema.',
      input: shape({}),
      output: shape({ settings: OPEN }, { presets: listOf(shape({ name: line(100), settings: OPEN }), 500) }),
      errors: {},
    },
    generate: {
      summary: 'Generates one seed.',
      input: shape({ settings: OPEN }, { preset: text(100), seed: text(100), spoilers: { type: 'boolean' } }),
      output: shape(
        { seed: line(200), settings: OPEN },
        { hash: text(200), url: text(2_048), spoiler: OPEN },
      ),
      errors: {
        settings_invalid: 'The randomizer does not take these settings.',
        preset_unknown: 'There is no preset of this name.',
        generator_unavailable: 'The generator could not be reached, or asks to wait.',
      },
    },
  },
};
