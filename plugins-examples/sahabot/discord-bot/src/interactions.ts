/** Interactions, as Discord's documentation "Receiving and Responding to Interactions" has them. */
import type { Host, Json } from 'souk/sdk';
import { isDenied, messageOf, Problem } from '../../core-kit/problem.ts';
import { runCommand } from './commands.ts';
import { CONTENT_CHARS_MAX } from './rest.ts';
import { guildsOf, ownerOf, settingsOf } from './settings.ts';
import type { Signed } from './signature.ts';

type Option = { name: string; type: number; value?: string | number | boolean; options?: Option[] };
type Interaction = {
  id: string;
  type: number;
  guild_id?: string;
  data?: { name?: string; options?: Option[] };
  member?: { user?: { id: string } };
  user?: { id: string };
};

/** "Interaction Type" and "Interaction Callback Type". */
const PING = 1;
const APPLICATION_COMMAND = 2;
const AUTOCOMPLETE = 4;
const PONG = 1;
const CHANNEL_MESSAGE = 4;
const AUTOCOMPLETE_RESULT = 8;
/** "Message Flags": only the person who typed sees it. */
const EPHEMERAL = 64;
/** `APPLICATION_COMMAND_OPTION_TYPE`: a command below a command, or a group of such. */
const SUB_COMMANDS = new Set([1, 2]);

export async function answerInteraction(signed: Signed, host: Host): Promise<Response> {
  const interaction = JSON.parse(signed.body) as Interaction;
  if (interaction.type === PING) return Response.json({ type: PONG });
  const guild = interaction.guild_id ?? '';
  if (!guildsOf(host).includes(guild)) return forward(guild, signed, host);
  if (interaction.type === AUTOCOMPLETE)
    return Response.json({ type: AUTOCOMPLETE_RESULT, data: { choices: [] } });
  if (interaction.type !== APPLICATION_COMMAND) return whisper('The bot has nothing for this.');
  if (!(await isFirst(interaction.id, host))) return whisper('This has been answered already.');
  return runTyped(interaction, host);
}

async function runTyped({ data, member, user }: Interaction, host: Host): Promise<Response> {
  const typer = member?.user?.id ?? user?.id ?? '';
  try {
    const words = [`discord:${typer}`, ...wordsOf(data?.options ?? [])];
    const lines = await runCommand(data?.name ?? '', words.slice(0, 100), host);
    return message({ content: lines.join('\n').slice(0, CONTENT_CHARS_MAX) || 'Done.' });
  } catch (error) {
    host.log.warn(`/${data?.name}:`, messageOf(error));
    const isTold = error instanceof Problem || isDenied(error);
    return whisper(isTold ? messageOf(error) : 'The command did not answer.');
  }
}

/** `words` as it was typed, and any other option as `name=value`. */
function wordsOf(options: readonly Option[]): string[] {
  return options.flatMap(({ name, type, value, options: below }) => {
    if (SUB_COMMANDS.has(type)) return [name, ...wordsOf(below ?? [])];
    if (name === 'words')
      return String(value ?? '')
        .split(/\s+/u)
        .filter((word) => word !== '');
    return [`${name}=${String(value ?? '')}`];
  });
}

/** An interaction is answered once; Discord keeps its token for fifteen minutes. */
async function isFirst(id: string, host: Host): Promise<boolean> {
  try {
    const { stored } = await host.kv.compareAndSet(`interaction/${id}`, 0, true, { ttlMs: 15 * 60_000 });
    return stored;
  } catch (error) {
    if (!isDenied(error)) throw error;
    host.log.warn('a request that is sent twice will run twice:', messageOf(error));
    return true;
  }
}

/**
 * An application has one address for all servers. The seat of the instance hands an interaction to the organization that has its
 * server, as it came: that seat checks the signature again.
 */
async function forward(guild: string, { signature, timestamp, body }: Signed, host: Host): Promise<Response> {
  const { soukUrl } = settingsOf(host);
  const owner = ownerOf(guild, host);
  if (owner === null || !soukUrl || host.org.slug !== 'instance')
    return whisper(
      'No organization has this Discord server. Its administrators enter it in the configuration "guilds".',
    );
  try {
    return await fetch(
      new URL(`/orgs/${encodeURIComponent(owner)}/p/${host.plugin.id}/interactions`, soukUrl),
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-signature-ed25519': signature,
          'x-signature-timestamp': timestamp,
        },
        body,
      },
    );
  } catch (error) {
    host.log.error(`${owner} is out of reach:`, messageOf(error));
    return whisper('The organization of this Discord server is out of reach.');
  }
}

/** Nobody is pinged by what somebody typed ("Allowed Mentions Object"). */
function message(data: { [field: string]: Json }): Response {
  return Response.json({ type: CHANNEL_MESSAGE, data: { ...data, allowed_mentions: { parse: [] } } });
}

function whisper(content: string): Response {
  return message({ content: content.slice(0, CONTENT_CHARS_MAX), flags: EPHEMERAL });
}
