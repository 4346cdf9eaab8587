/** console (Console standard): lines of text for the plugin's log. */
import { bound } from './bound.ts';
import { describe } from './describe.ts';
import {
  abs,
  arrayJoin,
  arrayPush,
  arraySlice,
  create,
  defineProperty,
  mapDelete,
  mapGet,
  mapSet,
  SafeMap,
  stringRepeat,
  trunc,
} from './intrinsics.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

const GROUPS_MAX = 16;
const LABELS_MAX = 100;
const FORMAT = /%[sdifoOcj%]/g;

let groupDepth = 0;
const counts = new SafeMap<string, number>();
const startTimes = new SafeMap<string, number>();

function print(level: Level, values: readonly unknown[]): void {
  bound().log(level, stringRepeat('  ', groupDepth) + format(values));
}

/** Console section 2.2: format specifiers of the first argument, the rest joined by spaces. */
function format(values: readonly unknown[]): string {
  const [first] = values;
  const parts: string[] = [];
  let used = 0;
  if (typeof first === 'string' && values.length > 1) {
    used = 1;
    arrayPush(
      parts,
      first.replace(FORMAT, (specifier) => {
        if (specifier === '%%') return '%';
        if (used >= values.length) return specifier;
        used += 1;
        return formatOne(specifier, values[used - 1]);
      }),
    );
  }
  for (let index = used; index < values.length; index += 1) arrayPush(parts, describe(values[index]));
  return arrayJoin(parts, ' ');
}

function formatOne(specifier: string, value: unknown): string {
  switch (specifier) {
    case '%d':
    case '%f':
      return typeof value === 'symbol' ? 'NaN' : String(Number(value));
    case '%i':
      return typeof value === 'symbol' ? 'NaN' : String(trunc(Number(value)));
    case '%c':
      return '';
    default:
      return describe(value);
  }
}

const labelOf = (label: unknown): string => (label === undefined ? 'default' : `${label as string}`);

function remember(map: Map<string, number>, label: string, value: number): void {
  if (map.size < LABELS_MAX || mapGet(map, label) !== undefined) mapSet(map, label, value);
}

function elapsed(label: string): string | undefined {
  const start = mapGet(startTimes, label);
  return start === undefined ? undefined : `${label}: ${abs(bound().now() - start)} ms`;
}

const methods = {
  assert(condition: unknown, ...values: unknown[]): void {
    if (!condition) print('error', ['Assertion failed', ...values]);
  },
  clear(): void {
    groupDepth = 0;
  },
  count(label?: unknown): void {
    const name = labelOf(label);
    const count = (mapGet(counts, name) ?? 0) + 1;
    remember(counts, name, count);
    print('info', [`${name}: ${count}`]);
  },
  countReset(label?: unknown): void {
    mapDelete(counts, labelOf(label));
  },
  debug: (...values: unknown[]): void => print('debug', values),
  dir: (value?: unknown): void => print('info', [value]),
  dirxml: (...values: unknown[]): void => print('info', values),
  error: (...values: unknown[]): void => print('error', values),
  group(...values: unknown[]): void {
    if (values.length > 0) print('info', values);
    if (groupDepth < GROUPS_MAX) groupDepth += 1;
  },
  groupCollapsed: (...values: unknown[]): void => methods.group(...values),
  groupEnd(): void {
    if (groupDepth > 0) groupDepth -= 1;
  },
  info: (...values: unknown[]): void => print('info', values),
  log: (...values: unknown[]): void => print('info', values),
  table: (value?: unknown): void => print('info', [value]),
  time: (label?: unknown): void => remember(startTimes, labelOf(label), bound().now()),
  timeEnd(label?: unknown): void {
    methods.timeLog(label);
    mapDelete(startTimes, labelOf(label));
  },
  timeLog(label?: unknown, ...values: unknown[]): void {
    const text = elapsed(labelOf(label));
    if (text !== undefined) print('info', [text, ...arraySlice(values)]);
  },
  trace: (...values: unknown[]): void => print('debug', ['Trace:', ...values, new Error('trace').stack]),
  warn: (...values: unknown[]): void => print('warn', values),
};

/** Console section 1: a namespace object whose prototype is an empty object. */
export const console: typeof methods = Object.assign(create({}) as typeof methods, methods);
defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
