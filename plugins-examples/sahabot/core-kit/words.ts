/**
 * Commands that people type: `cli-command-provider@1`, asked by `sahabot/discord-bot` and from terminals. The bot puts who
 * typed in front of the words, as `discord:80351110224678912`; from anybody else that is a word like any other.
 */
import type { Host, Json } from 'souk/sdk';
import { messageOf, Problem } from './problem.ts';

export type Typed = {
  readonly words: readonly string[];
  /** Their id at Discord, if they typed there. */ readonly discordUser: string | null;
};

export type TypedCommand = {
  readonly name: string;
  readonly title: string;
  readonly usage: string;
  /** @returns lines, as a chat or a terminal shows them; a Problem is shown as its message */
  run(typed: Typed, host: Host): Promise<string[]>;
};

/** @returns the actions of `cli-command-provider@1` */
export function commandProvider(...commands: TypedCommand[]) {
  return {
    listCommands: () => ({ commands: commands.map(({ name, title, usage }) => ({ name, title, usage })) }),
    runCommand: async (input: Json, host: Host) => {
      const { name, words } = input as { name: string; words: readonly string[] };
      const command = commands.find((each) => each.name === name);
      if (!command) throw new Problem(404, 'command_unknown', `There is no command ${name} here.`);
      return runTyped(command, typedBy(words, host), host);
    },
  };
}

async function runTyped(command: TypedCommand, typed: Typed, host: Host): Promise<Json> {
  try {
    const lines = await command.run(typed, host);
    return { lines: lines.map((line) => line.slice(0, 1_000)), exitCode: 0 };
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== 'string') throw error;
    return { lines: [messageOf(error).slice(0, 1_000)], exitCode: 1 };
  }
}

function typedBy(words: readonly string[], { caller }: Host): Typed {
  const [first = '', ...rest] = words;
  const isBot = caller.kind === 'plugin' && caller.id === 'sahabot/discord-bot';
  const user = isBot ? /^discord:(\d{1,20})$/u.exec(first)?.[1] : undefined;
  return user === undefined ? { words, discordUser: null } : { words: rest, discordUser: user };
}
