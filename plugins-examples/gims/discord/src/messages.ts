/** Messages to the channel of a group. */
import { messageOf, refused } from '../../platform-kit/errors.ts';
import type { Discord } from './api.ts';
import type { Group } from './groups.ts';

export type Message = { readonly text: string; readonly title?: string };

/** "Create Message": `content` has at most 2,000 characters. */
const CONTENT_CHARS_MAX = 2_000;

/** @returns the id of the first message; a text that is too long for one goes on in others */
export async function postMessage(
  { channel }: Group,
  message: Message,
  discord: Discord,
): Promise<{ id: string; url: string }> {
  const ids: string[] = [];
  const pieces = piecesOf(message);
  for (const content of pieces) {
    try {
      // Nobody is called by what a plugin posts, whatever the text says ("Allowed Mentions Object").
      const body = { content, allowed_mentions: { parse: [] } };
      ids.push((await discord.post<{ id: string }>(`/channels/${channel}/messages`, body)).id);
    } catch (error) {
      if (ids.length === 0) throw error;
      throw refused(`${ids.length} of ${pieces.length} parts were posted, then: ${messageOf(error)}`);
    }
  }
  const id = String(ids[0]);
  return { id, url: `https://discord.com/channels/${discord.guild}/${channel}/${id}` };
}

/** Cut at the end of a line or word where there is one in the second half. */
export function piecesOf({ text, title }: Message): string[] {
  let rest = title === undefined ? text : `**${title}**\n${text}`;
  const pieces: string[] = [];
  while (rest.length > CONTENT_CHARS_MAX) {
    const cut = cutOf(rest.slice(0, CONTENT_CHARS_MAX));
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  pieces.push(rest);
  // Discord takes no message of white space alone.
  return pieces.filter((piece) => piece.trim() !== '');
}

function cutOf(piece: string): number {
  const places = [piece.lastIndexOf('\n'), piece.lastIndexOf(' ')];
  const cut = places.find((at) => at >= CONTENT_CHARS_MAX / 2);
  if (cut !== undefined) return cut + 1;
  return /[\uD800-\uDBFF]$/u.test(piece) ? piece.length - 1 : piece.length;
}
