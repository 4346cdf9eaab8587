/**
 * Where a module asks for a module of Node: as it loads, or only in code that may never run. Libraries that run in
 * several places keep `require('fs')` or `import('node:fs')` inside of a function, or of the branch for Node.
 */
import { type AnyNode, parse, type Program } from 'acorn';

/** Conditions of these names hold inside of a bundle: what a module does there it does as it loads. */
const MODULE_NAMES: ReadonlySet<string> = new Set(['define', 'exports', 'module', 'require']);

/**
 * @param source JavaScript; of any other language nothing is known
 * @returns whether each `require()` and `import()` of that name stands in a function that is not called on the spot,
 *   or in code that some condition guards
 */
export function asksLate(source: string, name: string): boolean {
  const program = parseScriptOrModule(source);
  if (!program) return false;
  let asked = 0;
  const pending: Place[] = [{ node: program, late: false, calledHere: false }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (asksFor(place.node, name)) {
      if (!place.late) return false;
      asked += 1;
    }
    pending.push(...placesBelow(place));
  }
  return asked > 0;
}

type Place = {
  readonly node: AnyNode;
  readonly late: boolean;
  /** A function that is called, or handed to what is called, where it stands. */
  readonly calledHere: boolean;
};

function parseScriptOrModule(source: string): Program | undefined {
  for (const sourceType of ['module', 'script'] as const)
    try {
      return parse(source, {
        ecmaVersion: 'latest',
        sourceType,
        allowHashBang: true,
        allowReturnOutsideFunction: sourceType === 'script',
      });
    } catch {
      // The other kind, or no JavaScript.
    }
  return undefined;
}

function asksFor(node: AnyNode, name: string): boolean {
  if (node.type === 'ImportExpression') return isText(node.source, name);
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier') return false;
  return node.callee.name === 'require' && isText(node.arguments[0], name);
}

const isText = (node: AnyNode | undefined, text: string): boolean =>
  node?.type === 'Literal' && node.value === text;

function placesBelow({ node, late, calledHere }: Place): Place[] {
  const guarded = guardedParts(node);
  const called = calledParts(node, calledHere);
  const isLate = late || (isFunction(node) && !calledHere);
  return childrenOf(node).map((child) => ({
    node: child,
    late: isLate || guarded.includes(child),
    calledHere: called.includes(child),
  }));
}

const isFunction = ({ type }: AnyNode): boolean =>
  type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression';

/** The parts that a condition decides about, or whose failure is caught. */
function guardedParts(node: AnyNode): readonly (AnyNode | null | undefined)[] {
  if (node.type === 'TryStatement') return node.handler ? [node.block, node.handler] : [];
  if (node.type === 'SwitchStatement') return node.cases;
  if (node.type === 'LogicalExpression') return namesModules(node.left) ? [] : [node.right];
  if (node.type !== 'IfStatement' && node.type !== 'ConditionalExpression') return [];
  return namesModules(node.test) ? [] : [node.consequent, node.alternate];
}

function calledParts(node: AnyNode, calledHere: boolean): readonly AnyNode[] {
  if (node.type === 'CallExpression' || node.type === 'NewExpression')
    return [node.callee, ...node.arguments];
  // `(function () {}).call(this)` calls it as well.
  return node.type === 'MemberExpression' && calledHere ? [node.object] : [];
}

function namesModules(test: AnyNode): boolean {
  const pending = [test];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.type === 'Identifier' && MODULE_NAMES.has(node.name)) return true;
    pending.push(...childrenOf(node));
  }
  return false;
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node)
    .flat()
    .filter((value): value is AnyNode => typeof (value as AnyNode | null)?.type === 'string');
}
