/** The actions of contracts with their schemas, compiled when they are first needed. */
import type { Contract, ContractAction } from './contract.ts';
import { findAction } from './catalogue.ts';
import { compileGuestSchema, type GuestValidator } from '../guest-validator.ts';
import { nearestName } from '../nearest-name.ts';
import { Refusal } from '../refusal.ts';

/** One action, ready to be called. */
export type CompiledAction = {
  readonly contract: string;
  readonly name: string;
  readonly errors: ContractAction['errors'];
  readonly checkInput: GuestValidator;
  readonly checkOutput: GuestValidator;
};

const compiled = new Map<string, CompiledAction>();

/** @throws Refusal `contract_unknown`, with the nearest name */
export function requireAction(contract: Contract, name: string): CompiledAction {
  const key = `${contract.id} ${name}`;
  const known = compiled.get(key);
  if (known) return known;
  const action = findAction(contract, name);
  if (!action) throw unknownAction(contract, name);
  const made = {
    contract: contract.id,
    name,
    errors: action.errors,
    checkInput: compileGuestSchema(action.input),
    checkOutput: compileGuestSchema(action.output),
  };
  compiled.set(key, made);
  return made;
}

function unknownAction({ id, actions }: Contract, name: string): Refusal {
  const nearest = nearestName(name, Object.keys(actions));
  return new Refusal('contract_unknown', {
    detail: `${id} has no action ${JSON.stringify(name.slice(0, 100))}.`,
    hint: nearest ? `Did you mean ${nearest}?` : `It has ${Object.keys(actions).join(', ')}.`,
  });
}
