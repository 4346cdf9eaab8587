/**
 * Forms of bingosync.com. It has no documented API; this follows its published source (`bingosync-app/bingosync`): `forms.py` has the
 * fields of a new room, `views.py` answers them with a redirect to `/room/<id>`, and Django's protection against forged
 * requests wants the token of the page beside the cookie of the same name.
 */
import type { Host } from 'souk/sdk';
import { addressOf, askOutside } from '../../core-kit/outside.ts';
import { Problem } from '../../core-kit/problem.ts';

const PLATFORM = 'bingosync.com';

export function siteOf(host: Host): string {
  return (host.config as { siteUrl: string }).siteUrl;
}

/** @returns the path that the form leads to */
export async function sendForm(fields: Record<string, string>, host: Host): Promise<string> {
  const page = await askOutside(PLATFORM, addressOf(siteOf(host), '/'));
  const token = /name=["']csrfmiddlewaretoken["'] value=["']([A-Za-z0-9]{1,128})["']/u.exec(
    await page.text(),
  )?.[1];
  const cookie = page.headers.getSetCookie().find((each) => each.startsWith('csrftoken='));
  if (!token || !cookie) throw new Problem(503, 'platform_unavailable', `${PLATFORM} gave no form.`);
  const answer = await askOutside(PLATFORM, addressOf(siteOf(host), '/'), {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: cookie.split(';', 1)[0] ?? '',
      referer: addressOf(siteOf(host), '/').href,
    },
    body: new URLSearchParams({ ...fields, csrfmiddlewaretoken: token }).toString(),
  });
  // A form that is not taken is shown again, with 200.
  const location = answer.headers.get('location');
  if (location === null)
    throw new Problem(422, 'platform_refused', `${PLATFORM} did not take these settings.`);
  return new URL(location, addressOf(siteOf(host), '/')).pathname;
}

export type Square = { readonly name: string; readonly slot: string; readonly colors: string };

/** `views.py`, `room_board`: the squares in order, for whoever is in the room. */
export async function readBoard(room: string, host: Host): Promise<Square[]> {
  const answer = await askOutside(PLATFORM, addressOf(siteOf(host), `/room/${room}/board`));
  const squares = (await answer.json()) as { name: string; slot: string; colors: string }[];
  return squares.map(({ name, slot, colors }) => ({ name, slot, colors }));
}
