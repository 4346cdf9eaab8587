import { line, listOf, oneOf, shape, text, type Contract } from './contract.ts';

const group = line(200, 'The id that the platform gave to the group.');
const person = shape(
  { id: line(200, 'The id of the person on the platform, or an address that it knows.') },
  { name: text(200) },
);
const errors = {
  group_not_found: 'The platform has no such group.',
  member_not_found: 'The platform has no such person.',
  platform_refused: 'The platform refused the action; the message says why.',
  platform_unavailable: 'The platform could not be reached, or asks to wait.',
};

/** Groups and messages on a messaging platform: a Discord role or channel, a Google group. */
export const COMMUNICATION: Contract = {
  id: 'communication@1',
  summary: 'Groups, their members and messages on a messaging platform.',
  actions: {
    createGroup: {
      summary: 'Makes a group; answers with the one that is there where the name is taken by ours.',
      input: shape({ name: line(200) }, { description: text(1_000), visibility: oneOf('public', 'private') }),
      output: shape({ group }, { url: text(2_048) }),
      errors,
    },
    deleteGroup: {
      summary: 'Deletes a group; one that is gone is no error.',
      input: shape({ group }),
      output: shape({ deleted: oneOf('now', 'before') }),
      errors,
    },
    addMember: {
      summary: 'Adds a person; one that is in it is no error.',
      input: shape({ group, member: person }),
      output: shape({ added: oneOf('now', 'before', 'invited') }),
      errors,
    },
    removeMember: {
      summary: 'Removes a person; one that is not in it is no error.',
      input: shape({ group, member: person }),
      output: shape({ removed: oneOf('now', 'before') }),
      errors,
    },
    listMembers: {
      summary: 'One page of the members of a group.',
      input: shape({ group }, { cursor: text(500) }),
      output: shape({ members: listOf(person, 1_000) }, { nextCursor: text(500) }),
      errors,
    },
    postMessage: {
      summary: 'Posts a message to a group.',
      input: shape({ group, text: line(8_000) }, { title: text(200) }),
      output: shape(
        { message: line(200, 'The id that the platform gave to the message.') },
        { url: text(2_048) },
      ),
      errors,
    },
  },
};
