/** Who answers a contract in an organization: bound by an administrator, else whoever was installed first. */
import type { PluginId } from '../plugin-id.ts';
import { Refusal } from '../refusal.ts';
import { findContract, nearestContract } from './catalogue.ts';
import type { Contract } from './contract.ts';

export type Implementation = {
  readonly plugin: PluginId;
  /** Whether calls can go to it now. */
  readonly active: 'yes' | 'no';
  readonly bound: 'yes' | 'no';
};

/** Who implements a contract, and who answers it: `plugin` is null where nobody does. */
export type BindingView = {
  readonly contract: string;
  readonly plugin: PluginId | null;
  /** `bound` by an administrator, or the `first` that was installed. */
  readonly origin: 'bound' | 'first' | 'none';
  readonly implementations: readonly Implementation[];
};

/**
 * A binding to a plugin that is not active stays: who was chosen does not answer, and nobody else in its place.
 * @param implementations the bound one first, then in the order in which they were installed
 */
export function bindingOf(contract: string, implementations: readonly Implementation[]): BindingView {
  const bound = implementations.find((each) => each.bound === 'yes');
  const first = implementations.find((each) => each.active === 'yes');
  const origin = bound ? 'bound' : first ? 'first' : 'none';
  return { contract, plugin: (bound ?? first)?.plugin ?? null, origin, implementations };
}

/** @throws Refusal `contract_unknown`, with the nearest name */
export function requireContract(id: string): Contract {
  const contract = findContract(id);
  if (contract) return contract;
  const nearest = nearestContract(id);
  throw new Refusal('contract_unknown', {
    detail: `Souk knows no contract ${JSON.stringify(id.slice(0, 100))}.`,
    ...(nearest ? { hint: `Did you mean ${nearest}?` } : {}),
  });
}

export function notImplemented(contract: string, plugin: PluginId): Refusal {
  return new Refusal('contract_not_implemented', {
    detail: `${plugin} is not installed here, or does not implement ${contract}.`,
  });
}
