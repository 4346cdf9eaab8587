/** A plugin's `communication@1` on the test host, with input and output held against the contract. */
import { createTestHost, type TestHostOptions } from 'souk/sdk/testing';
import type { Json, Plugin } from 'souk/sdk';
import { COMMUNICATION } from '../../../../spec/contracts/communication.ts';
import { compileGuestSchema } from '../../../../spec/guest-validator.ts';
import type { JsonObject, JsonValue } from '../../../../spec/json.ts';

export type Act = (action: string, input: Json) => Promise<ReturnType<typeof JSON.parse>>;

export function actingWith(plugin: Plugin, options: TestHostOptions): Act {
  const souk = createTestHost(options);
  return async (action, input) => {
    const handler = plugin.contracts?.['communication@1']?.[action];
    const schemas = COMMUNICATION.actions[action];
    if (!handler || !schemas) throw new Error(`there is no action ${action}`);
    requireFitting(schemas.input, input);
    const output = await souk.run((host) => handler(input, host));
    requireFitting(schemas.output, output);
    return output;
  };
}

function requireFitting(schema: JsonObject, value: Json): void {
  const [first] = compileGuestSchema(schema)(value as JsonValue);
  if (first) throw new Error(`${first.pointer} ${first.message}`);
}
