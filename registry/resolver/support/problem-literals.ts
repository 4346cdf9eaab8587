/** Problems as small literals, for tests and the bench. */
import type { ResolutionProblem, RootOrigin, RootRequirement, VersionRecord } from '../problem.ts';

/** Target → range; a target that ends with `?` is optional. */
export type DependencyLiteral = Readonly<Record<string, string>>;

/**
 * `plugin version` → what it depends on. After the version may follow `yanked`, and `souk` with an engine range:
 * `a 1.0.0 yanked`, `a 2.0.0 souk ^2.0.0`.
 */
export type RegistryLiteral = Readonly<Record<string, DependencyLiteral>>;

export type ProblemLiteral = {
  readonly registry: RegistryLiteral | ReadonlyMap<string, readonly VersionRecord[]>;
  readonly asked?: DependencyLiteral;
  readonly installed?: DependencyLiteral;
  readonly global?: DependencyLiteral;
  /** Plugin → version. */
  readonly lock?: Readonly<Record<string, string>>;
  /** Plugins freed from the lock, or all. */
  readonly upgrade?: readonly string[] | 'all';
  readonly souk?: string;
};

export function problemOf(literal: ProblemLiteral): ResolutionProblem {
  const { registry, upgrade = [] } = literal;
  return {
    registry: registry instanceof Map ? registry : registryOf(registry as RegistryLiteral),
    roots: [
      ...rootsOf(literal.installed, 'installed'),
      ...rootsOf(literal.asked, 'requested'),
      ...rootsOf(literal.global, 'global'),
    ],
    lock: new Map(Object.entries(literal.lock ?? {})),
    preference: upgrade === 'all' ? { kind: 'newest' } : { kind: 'locked', upgrade: new Set(upgrade) },
    soukVersion: literal.souk ?? '1.0.0',
  };
}

function rootsOf(literal: DependencyLiteral | undefined, origin: RootOrigin): RootRequirement[] {
  const { required, optional } = split(literal ?? {});
  return [
    ...[...required].map(([plugin, range]) => ({ plugin, range, kind: 'required', origin }) as const),
    ...[...optional].map(([plugin, range]) => ({ plugin, range, kind: 'optional', origin }) as const),
  ];
}

export function registryOf(literal: RegistryLiteral): Map<string, VersionRecord[]> {
  const registry = new Map<string, VersionRecord[]>();
  for (const [key, dependencies] of Object.entries(literal)) {
    const [plugin = '', version = '', ...marks] = key.split(' ');
    const record = recordOf(version, dependencies, marks);
    registry.set(plugin, [...(registry.get(plugin) ?? []), record]);
  }
  return registry;
}

export function recordOf(
  version: string,
  literal: DependencyLiteral,
  marks: readonly string[] = [],
): VersionRecord {
  const { required, optional } = split(literal);
  const engine = marks.indexOf('souk');
  return {
    version,
    dependencies: required,
    optionalDependencies: optional,
    engines: engine < 0 ? {} : { souk: marks.slice(engine + 1).join(' ') },
    yanked: marks.includes('yanked'),
  };
}

function split(literal: DependencyLiteral): { required: Map<string, string>; optional: Map<string, string> } {
  const required = new Map<string, string>();
  const optional = new Map<string, string>();
  for (const [key, range] of Object.entries(literal)) {
    if (key.endsWith('?')) optional.set(key.slice(0, -1), range);
    else required.set(key, range);
  }
  return { required, optional };
}
