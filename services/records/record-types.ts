/** The record types that an organization has at this moment. */
import type { Transaction } from '../../database/index.ts';
import { loadModules } from '../../registry/modules/index.ts';
import type { OrgRecordType } from '../../spec/modules/org-modules.ts';
import { judge, requireRecordType } from '../../spec/records/judged-type.ts';

/**
 * @param tx in the scope of the organization
 * @param name bare or qualified
 * @throws Refusal `record_type_unknown`, `name_ambiguous`
 */
export async function findRecordType(tx: Transaction, orgId: string, name: string): Promise<OrgRecordType> {
  return requireRecordType(await loadModules(tx, orgId), name);
}

/**
 * @returns the name under which records of the type are kept
 * @throws Refusal `record_type_unknown`, `record_type_not_in_force`, `name_ambiguous`
 */
export async function requireTakenType(tx: Transaction, orgId: string, name: string): Promise<string> {
  return judge(await findRecordType(tx, orgId, name)).name;
}
