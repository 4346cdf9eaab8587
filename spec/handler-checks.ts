/** What the run of a named handler is refused for before it starts, wherever it would run. */
import type { GuestValidator } from './guest-validator.ts';
import {
  handlerInput,
  handlerPath,
  isSameHandler,
  limitedAs,
  type HandlerPath,
  type HandlerTrigger,
} from './handler.ts';
import type { JsonValue } from './json.ts';
import { RUN_LIMITS } from './limits.ts';
import type { PluginId } from './plugin-id.ts';
import { Refusal } from './refusal.ts';

/**
 * @param handlers what the manifest declares (`declaredHandlers`)
 * @throws Refusal `handler_unknown`
 */
export function requireDeclaredHandler(
  plugin: { readonly id: PluginId; readonly version: string },
  handlers: readonly HandlerPath[],
  trigger: HandlerTrigger,
): void {
  const path = handlerPath(trigger);
  if (handlers.some((declared) => isSameHandler(declared, path))) return;
  throw new Refusal('handler_unknown', {
    detail: `${plugin.id} ${plugin.version} declares no ${trigger.kind} ${path.slice(1).join(' ')}.`,
  });
}

/**
 * The frame that carries it to the runner has a limit of its own, of which this one keeps clear.
 * @throws Refusal `handler_input_too_large`
 */
export function requireFittingInput(trigger: HandlerTrigger): void {
  const { requestBytesMax } = RUN_LIMITS[limitedAs(trigger)];
  const bytes = Buffer.byteLength(JSON.stringify(handlerInput(trigger)) ?? '', 'utf8');
  if (bytes <= requestBytesMax) return;
  throw new Refusal('handler_input_too_large', {
    detail: `The input has ${bytes} bytes as JSON; at most ${requestBytesMax} are taken.`,
  });
}

/**
 * @param validate of the command's own schema of arguments
 * @throws Refusal `command_arguments_invalid`
 */
export function requireFittingArguments(
  { plugin, command }: { readonly plugin: PluginId; readonly command: string },
  args: JsonValue,
  validate: GuestValidator,
): void {
  const violations = validate(args);
  const [first] = violations;
  if (!first) return;
  throw new Refusal('command_arguments_invalid', {
    detail: `${plugin} ${command}: the arguments at ${first.pointer || '/'} ${first.message}.`,
    violations,
  });
}
