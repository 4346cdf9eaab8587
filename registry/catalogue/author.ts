import type { AuditActor, Transaction } from '../../database/index.ts';

/**
 * Who acts, and for which publishers they may. The caller decides which right that takes: one to publish, a higher one
 * to change keys.
 */
export type Author = {
  readonly actor: AuditActor;
  /**
   * @param tx in the scope of the instance
   * @returns the organization that owns the publisher, in which the author may do this
   * @throws Refusal where there is no such publisher, or where the author may not act for it
   */
  requirePublisher(tx: Transaction, publisher: string): Promise<{ readonly orgId: string }>;
};
