import { defineEntity, p } from '@mikro-orm/core';
import { InstallationEntity } from '../../registry/installations/entities/index.ts';

/** Which installation answers a contract, where an administrator said so; it goes with the installation. */
export const ContractBindingEntity = defineEntity({
  name: 'ContractBinding',
  tableName: 'contract_binding',
  properties: {
    orgId: p.uuid().primary(),
    contract: p.text().collation('C').primary(),
    installation: () => p.manyToOne(InstallationEntity).deleteRule('cascade'),
    boundAt: p.datetime(),
    boundBy: p.text(),
  },
  indexes: [{ name: 'contract_binding_installation_index', properties: ['installation'] }],
});

/** The tables of contracts, for `openDatabase`. */
export const CONTRACT_ENTITIES = [ContractBindingEntity];
