/** Every contract that Souk knows. */
import type { JsonObject } from '../json.ts';
import { nearestName } from '../nearest-name.ts';
import { Fault } from '../refusal.ts';
import { COMMUNICATION } from './communication.ts';
import { breakingChanges } from './compatibility.ts';
import type { Contract, ContractAction } from './contract.ts';
import { MAIL_SENDER, RACE_ROOM, SEED_GENERATOR, WEBHOOK } from './delivery.ts';
import { EVENT_IMPORTER, MEMBER_IMPORTER, ORGANIZATION_IMPORTER, POST_IMPORTER } from './importers.ts';
import released from './released.json' with { type: 'json' };
import { PROFILE_ENRICHER, SOURCE_MATCHER, SOURCE_NORMALIZER } from './sources.ts';
import { CLI_COMMAND_PROVIDER, DATA_EXPORTER, JOB_RUNNER } from './work.ts';

/** By name and version, in the order of the alphabet. */
export const CONTRACTS: readonly Contract[] = [
  COMMUNICATION,
  ORGANIZATION_IMPORTER,
  MEMBER_IMPORTER,
  POST_IMPORTER,
  EVENT_IMPORTER,
  SOURCE_NORMALIZER,
  SOURCE_MATCHER,
  PROFILE_ENRICHER,
  JOB_RUNNER,
  DATA_EXPORTER,
  CLI_COMMAND_PROVIDER,
  MAIL_SENDER,
  WEBHOOK,
  RACE_ROOM,
  SEED_GENERATOR,
].toSorted((one, other) => (one.id < other.id ? -1 : 1));

const BY_ID: ReadonlyMap<string, Contract> = new Map(CONTRACTS.map((contract) => [contract.id, contract]));

/** @returns the contract of this name and version */
export function findContract(id: string): Contract | undefined {
  return BY_ID.get(id);
}

/** @returns the action, never one that an object merely inherits */
export function findAction(contract: Contract, action: string): ContractAction | undefined {
  return Object.hasOwn(contract.actions, action) ? contract.actions[action] : undefined;
}

/** @returns the contract that `id` is most likely a slip of; another version of it above all */
export function nearestContract(id: string): string | undefined {
  const [name] = id.split('@');
  const sameName = CONTRACTS.findLast((contract) => contract.id.startsWith(`${name}@`));
  return sameName?.id ?? nearestName(id, [...BY_ID.keys()]);
}

/** What was released, and is kept for ever: `released.json` only ever grows. */
export const RELEASED_CONTRACTS: readonly Contract[] = Object.values(
  released as unknown as Readonly<Record<string, JsonObject>>,
) as unknown as readonly Contract[];

/** @throws Fault when a contract is not what its version promised */
export function assertContracts(): void {
  for (const before of RELEASED_CONTRACTS) {
    const [first] = breakingChanges(before, BY_ID.get(before.id));
    if (first)
      throw new Fault(
        `the contract ${before.id} breaks what was released: ${first.pointer} ${first.message}`,
      );
  }
}
