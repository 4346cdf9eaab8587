import type { Host, Plugin } from 'souk/sdk';
import { invitationMail, readInvitation } from './invitation.ts';
import { send, verify } from './sender.ts';

/** Long enough for every retry and every replay of a dead letter that somebody would still want. */
const REMEMBERED_MS = 90 * 86_400_000;

export default {
  async fetch(request, host) {
    const { to } = (await request.json()) as { to: string };
    const text = 'The mail server works.';
    return Response.json(await host.mail.send({ to, subject: 'Test message', text }));
  },
  contracts: { 'mail-sender@1': { send, verify: (_input, host) => verify(host) } },
  events: {
    'invitations.send-requested': async ({ id, data }, host) => {
      const invitation = readInvitation(data);
      // Events come at least once, and people want their invitation once.
      if (await wasSent(id, host)) return;
      const { messageId } = await host.mail.send(invitationMail(invitation, host));
      await remember(id, host);
      host.log.info('invitation sent as', messageId);
    },
  },
  health: (host) => verify(host),
} satisfies Plugin;

async function wasSent(id: string, host: Host): Promise<boolean> {
  try {
    return (await host.kv.get(`sent/${id}`)) !== null;
  } catch (error) {
    if ((error as { name?: unknown }).name !== 'PermissionDenied') throw error;
    host.log.warn('cannot remember invitations, one may come twice:', String(error));
    return false;
  }
}

async function remember(id: string, host: Host): Promise<void> {
  try {
    await host.kv.set(`sent/${id}`, true, { ttlMs: REMEMBERED_MS });
  } catch (error) {
    // It was sent: a failure now would send it once more.
    host.log.warn('could not remember an invitation:', String(error));
  }
}
