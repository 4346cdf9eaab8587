/** Rights that plugins define (`contributes.actions`), and from which role of the organization on they are held. */
import type { Manifest } from '../../spec/manifest.ts';

export type ActionRole = 'member' | 'admin' | 'owner';

export type ActionView = {
  readonly name: string;
  readonly title: string;
  /** What the author proposes. */
  readonly default: ActionRole;
  /** Whoever has this role, or a higher one, may do it. */
  readonly role: ActionRole;
};

/** An author who proposes nothing leaves it to the administrators. */
const DEFAULT_ROLE: ActionRole = 'admin';

/** @param decided the organization's own decisions, by action; those about actions that are gone do not count */
export function actionsOf(manifest: Manifest, decided: ReadonlyMap<string, ActionRole>): ActionView[] {
  return (manifest.contributes?.actions ?? []).map((action) => {
    const byDefault = action.default ?? DEFAULT_ROLE;
    const { name, title } = action;
    return { name, title, default: byDefault, role: decided.get(name) ?? byDefault };
  });
}
