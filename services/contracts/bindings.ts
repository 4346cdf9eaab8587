/** Who answers a contract in an organization: bound by an administrator, else whoever was installed first. */
import { appendAudit, type Database } from '../../database/index.ts';
import { actorName, type Acting } from '../../registry/installations/index.ts';
import {
  bindingOf,
  notImplemented,
  requireContract,
  type BindingView,
} from '../../spec/contracts/binding.ts';
import type { PluginId } from '../../spec/plugin-id.ts';

export type Bindings = {
  /** Every contract that something installed implements. */
  list(orgId: string): Promise<BindingView[]>;
  /** @throws Refusal `contract_unknown` */
  read(orgId: string, contract: string): Promise<BindingView>;
  /**
   * @param plugin null to leave it to the first again
   * @throws Refusal `contract_unknown`, `contract_not_implemented`
   */
  bind(acting: Acting, contract: string, plugin: PluginId | null): Promise<BindingView>;
};

type Row = {
  contract: string;
  plugin_id: PluginId;
  installation_id: string;
  is_active: boolean;
  is_bound: boolean;
};

/** The version that serves counts: while the next one is being activated, that is the snapshot before it. */
const SQL = `select each.contract, installation.plugin_id, installation.id as installation_id,
    installation.state = 'active' or kept.id is not null as is_active,
    binding.installation_id is not null as is_bound
  from installation left join installation_snapshot kept on kept.id = installation.serving_snapshot_id
    cross join lateral jsonb_array_elements_text(
      coalesce(kept.manifest, installation.manifest) -> 'contributes' -> 'contracts') as each (contract)
    left join contract_binding binding
      on binding.installation_id = installation.id and binding.contract = each.contract
  where installation.org_id = ? and (? = '' or each.contract = ?)
  order by each.contract, is_bound desc, installation.installed_at, installation.id`;

export function openBindings(database: Database): Bindings {
  return {
    list: async (orgId) => {
      const rows = await loadRows(database, orgId, '');
      const names = [...new Set(rows.map(({ contract }) => contract))];
      return names.map((contract) =>
        toView(
          contract,
          rows.filter((row) => row.contract === contract),
        ),
      );
    },
    read: (orgId, contract) => read(database, orgId, contract),
    bind: (acting, contract, plugin) => bind(database, acting, contract, plugin),
  };
}

async function read(database: Database, orgId: string, contract: string): Promise<BindingView> {
  requireContract(contract);
  return toView(contract, await loadRows(database, orgId, contract));
}

function loadRows(database: Database, orgId: string, contract: string): Promise<Row[]> {
  return database.transaction({ kind: 'org', orgId }, ({ em }) =>
    em.execute<Row[]>(SQL, [orgId, contract, contract]),
  );
}

function toView(contract: string, rows: readonly Row[]): BindingView {
  return bindingOf(
    contract,
    rows.map(({ plugin_id: plugin, is_active: isActive, is_bound: isBound }) => ({
      plugin,
      active: isActive ? 'yes' : 'no',
      bound: isBound ? 'yes' : 'no',
    })),
  );
}

async function bind(
  database: Database,
  { orgId, actor }: Acting,
  contract: string,
  plugin: PluginId | null,
): Promise<BindingView> {
  requireContract(contract);
  await database.transaction({ kind: 'org', orgId }, async (tx) => {
    await tx.em.execute('delete from contract_binding where org_id = ? and contract = ?', [orgId, contract]);
    if (plugin !== null) {
      const rows = await tx.em.execute<Row[]>(SQL, [orgId, contract, contract]);
      const row = rows.find(({ plugin_id: id }) => id === plugin);
      if (!row) throw notImplemented(contract, plugin);
      await tx.em.execute(
        `insert into contract_binding (org_id, contract, installation_id, bound_at, bound_by)
          values (?, ?, ?, now(), ?)
          on conflict (org_id, contract) do update set installation_id = excluded.installation_id,
            bound_at = excluded.bound_at, bound_by = excluded.bound_by`,
        [orgId, contract, row.installation_id, actorName(actor)],
      );
    }
    const detail = { plugin };
    const scope = { kind: 'org', orgId } as const;
    await appendAudit(tx, {
      scope,
      actor,
      action: 'contract.bound',
      subject: `contract:${contract}`,
      detail,
    });
  });
  return read(database, orgId, contract);
}
