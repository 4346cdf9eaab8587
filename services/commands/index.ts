export type { OfferedCommand } from './catalogue.ts';
export { openCommands, type CommandAnswer, type Commands } from './commands.ts';
