/**
 * acorn, with names of a scope in sets. Its own lists are searched from end to end for every declaration, so that a
 * module of nothing but declarations costs the square of its length: minutes for what fits into a package.
 */
import { Parser } from 'acorn';

const FEW_MAX = 8;

/** The part of a list of names that the parser uses: adding, asking, and looking at the first. */
class NameList {
  0: string | undefined = undefined;
  /** Most scopes have no names or few, for which a set would cost more than it saves. */
  #few: string[] | undefined;
  #many: Set<string> | undefined;

  push(name: string): void {
    this[0] ??= name;
    if (this.#many) this.#many.add(name);
    else if (!this.#few) this.#few = [name];
    else if (this.#few.push(name) > FEW_MAX) this.#many = new Set(this.#few);
  }

  /** @returns 0 where the name is in the list, -1 where not: the parser asks for nothing more */
  indexOf(name: string): 0 | -1 {
    const isKnown = this.#many ? this.#many.has(name) : this.#few?.includes(name);
    return isKnown ? 0 : -1;
  }
}

type Scope = { var: NameList; lexical: NameList; functions: NameList };
/** Members of the parser that its plugin interface offers and its types leave out. */
type ScopedParser = { readonly scopeStack: Scope[]; enterScope(flags: number): void };

const ScopedBase = Parser as unknown as new (...parameters: never[]) => ScopedParser;

class SetScopedParser extends ScopedBase {
  override enterScope(flags: number): void {
    super.enterScope(flags);
    const scope = this.scopeStack.at(-1);
    if (!scope) return;
    scope.var = new NameList();
    scope.lexical = new NameList();
    scope.functions = new NameList();
  }
}

export const ModuleParser = SetScopedParser as unknown as typeof Parser;
