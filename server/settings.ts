/**
 * Every environment variable of the server, in one table: name, default, meaning and parser. Nothing else reads
 * `process.env`. `docs/settings.md` is written from this table, and a test compares the two.
 */
import { resolve } from 'node:path';
import { parseEgressAllow, type EgressAllow, type MasterKeySource } from '../services/index.ts';
import { EVENT_LIMITS, HTTP_LIMITS } from '../spec/limits.ts';
import { isNamespace } from '../spec/plugin-id.ts';
import { Refusal, type Violation } from '../spec/refusal.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export const RUNNER_SHARING = ['none', 'trusted', 'all'] as const;
export const REVIEW_POLICIES = ['none', 'changes'] as const;

export type Settings = {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly blobDir: string;
  readonly databaseUrl: string | null;
  readonly publicUrl: string | null;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly runnerSharing: (typeof RUNNER_SHARING)[number];
  readonly weakIsolation: 'refuse' | 'allow';
  readonly review: (typeof REVIEW_POLICIES)[number];
  readonly trustedPublishers: readonly string[];
  readonly shutdownGraceMs: number;
  readonly eventAttemptsMax: number;
  readonly readsPerMinuteMax: number;
  readonly writesPerMinuteMax: number;
  readonly proxyHops: number;
  readonly egressAllow: EgressAllow;
  readonly masterKey: MasterKeySource;
};

/** A parser answers the value, or a sentence that says what is wrong. */
type Parsed<T> = { readonly value: T } | { readonly fault: string };

type Setting<T> = {
  readonly variable: string;
  /** What the variable means when it is not set, in the table's words. */
  readonly byDefault: string;
  readonly meaning: string;
  readonly parse: (text: string | undefined) => Parsed<T>;
};

type SettingTable = {
  readonly [K in keyof Omit<Settings, 'blobDir' | 'masterKey'>]: Setting<Settings[K]>;
} & {
  readonly blobDir: Setting<string | null>;
  readonly masterKey: Setting<string | null>;
  readonly masterKeyFile: Setting<string | null>;
};

export const SETTINGS: SettingTable = {
  port: {
    variable: 'SOUK_PORT',
    byDefault: '8787',
    meaning: 'TCP port of the HTTP server; 0 takes any free one.',
    parse: wholeNumber(8787, 0, 65_535),
  },
  host: {
    variable: 'SOUK_HOST',
    byDefault: '127.0.0.1',
    meaning: 'Address to listen on. Use 0.0.0.0 behind a reverse proxy or in a container.',
    parse: text('127.0.0.1'),
  },
  dataDir: {
    variable: 'SOUK_DATA',
    byDefault: './.souk',
    meaning: 'Folder of the built-in database, the packages and the first token.',
    parse: (value) => ({ value: resolve(value ?? '.souk') }),
  },
  blobDir: {
    variable: 'SOUK_BLOBS',
    byDefault: 'packages in SOUK_DATA',
    meaning: 'Folder of the package bytes; several servers share one.',
    parse: (value) => ({ value: value === undefined ? null : resolve(value) }),
  },
  databaseUrl: {
    variable: 'DATABASE_URL',
    byDefault: 'a built-in PostgreSQL in SOUK_DATA',
    meaning: 'postgresql://… of PostgreSQL 15 or later.',
    parse: databaseUrl,
  },
  publicUrl: {
    variable: 'SOUK_PUBLIC_URL',
    byDefault: 'the address of the request',
    meaning: 'The origin that people and plugins see, without a path.',
    parse: origin,
  },
  logLevel: {
    variable: 'SOUK_LOG_LEVEL',
    byDefault: 'info',
    meaning: `One of ${LOG_LEVELS.join(', ')}.`,
    parse: oneOf(LOG_LEVELS, 'info'),
  },
  runnerSharing: {
    variable: 'SOUK_RUNNER_SHARING',
    byDefault: 'trusted',
    meaning:
      'Which plugins may share a runner process between organizations: none, those of the trusted tier, or all.',
    parse: oneOf(RUNNER_SHARING, 'trusted'),
  },
  weakIsolation: {
    variable: 'SOUK_WEAK_ISOLATION',
    byDefault: 'refuse',
    meaning:
      'Whether unreviewed plugins run where the machine offers runners no lower rights than its own: refuse or allow.',
    parse: oneOf(['refuse', 'allow'] as const, 'refuse'),
  },
  review: {
    variable: 'SOUK_REVIEW',
    byDefault: 'none',
    meaning:
      'Which published packages wait for an instance admin: none, changes (a first package of a publisher, or a version that asks for more than its predecessor).',
    parse: oneOf(REVIEW_POLICIES, 'none'),
  },
  trustedPublishers: {
    variable: 'SOUK_TRUSTED_PUBLISHERS',
    byDefault: 'none',
    meaning: 'Publishers whose signed plugins run in the trusted tier, separated by commas.',
    parse: publisherNames,
  },
  shutdownGraceMs: {
    variable: 'SOUK_SHUTDOWN_GRACE_MS',
    byDefault: '10000',
    meaning: 'How long a stopping server waits for calls in flight, in milliseconds.',
    parse: wholeNumber(10_000, 0, 600_000),
  },
  eventAttemptsMax: {
    variable: 'SOUK_EVENT_ATTEMPTS',
    byDefault: String(EVENT_LIMITS.attemptsDefault),
    meaning:
      'How often the handler of an event may fail before the event is a dead letter; the pauses between double, from a second to a minute.',
    parse: wholeNumber(EVENT_LIMITS.attemptsDefault, 1, 100),
  },
  readsPerMinuteMax: {
    variable: 'SOUK_READS_PER_MINUTE',
    byDefault: String(HTTP_LIMITS.readsPerMinuteMax),
    meaning:
      'How many reading requests of the API one client (a token, or without one an address) may make on this server in a minute; 0 sets no limit.',
    parse: wholeNumber(HTTP_LIMITS.readsPerMinuteMax, 0, 999_999_999),
  },
  writesPerMinuteMax: {
    variable: 'SOUK_WRITES_PER_MINUTE',
    byDefault: String(HTTP_LIMITS.writesPerMinuteMax),
    meaning: 'The same for writing requests.',
    parse: wholeNumber(HTTP_LIMITS.writesPerMinuteMax, 0, 999_999_999),
  },
  proxyHops: {
    variable: 'SOUK_PROXY_HOPS',
    byDefault: '0',
    meaning:
      'How many reverse proxies of yours stand before the server, each of which appends to X-Forwarded-For; 0 believes the connection alone.',
    parse: wholeNumber(0, 0, 10),
  },
  egressAllow: {
    variable: 'SOUK_EGRESS_ALLOW',
    byDefault: 'none',
    meaning:
      'What plugins may reach beyond the public Internet, where a grant allows it too: hosts (`mail.intern`, `mail.intern:8025`) and blocks of addresses (`10.1.0.0/16`), separated by commas.',
    parse: (value) => {
      const allow = parseEgressAllow(value ?? '');
      return typeof allow === 'string' ? { fault: allow } : { value: allow };
    },
  },
  masterKey: {
    variable: 'SOUK_MASTER_KEY',
    byDefault: 'read from SOUK_MASTER_KEY_FILE',
    meaning:
      'The key that the secrets of plugins are encrypted under: 32 bytes in base64. Earlier keys follow, separated by spaces.',
    parse: (value) => ({ value: value ?? null }),
  },
  masterKeyFile: {
    variable: 'SOUK_MASTER_KEY_FILE',
    byDefault: 'master-key in SOUK_DATA, made at the first start',
    meaning:
      'A file with the master key, and earlier keys after it, one a line. Servers of one database share it.',
    parse: (value) => ({ value: value === undefined ? null : resolve(value) }),
  },
};

/**
 * @param environment usually `process.env`; every variable that begins with `SOUK_` must be known
 * @throws Refusal `settings_invalid` with every wrong value at once
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const violations: Violation[] = unknownVariables(environment);
  const read = Object.fromEntries(
    Object.entries(SETTINGS).map(([key, setting]: [string, Setting<unknown>]) => {
      const parsed = setting.parse(environment[setting.variable] || undefined);
      if ('fault' in parsed) violations.push({ pointer: setting.variable, message: parsed.fault });
      return [key, 'value' in parsed ? parsed.value : undefined];
    }),
  ) as unknown as ReadSettings;
  if (read.masterKey !== null && read.masterKeyFile !== null) {
    violations.push({
      pointer: 'SOUK_MASTER_KEY',
      message: 'is set beside SOUK_MASTER_KEY_FILE; set one of them',
    });
  }
  if (violations.length > 0) {
    const detail = violations.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
    throw new Refusal('settings_invalid', { detail: `${detail}.`, violations });
  }
  const { masterKeyFile: _file, ...settings } = read;
  return {
    ...settings,
    blobDir: read.blobDir ?? resolve(read.dataDir, 'packages'),
    masterKey: masterKeySource(read),
  };
}

/** As the variables say it, before the data folder is looked at. */
type ReadSettings = Omit<Settings, 'blobDir' | 'masterKey'> & {
  readonly [K in 'blobDir' | 'masterKey' | 'masterKeyFile']: string | null;
};

function masterKeySource({ masterKey, masterKeyFile, dataDir }: ReadSettings): MasterKeySource {
  if (masterKey !== null) return { kind: 'text', text: masterKey };
  if (masterKeyFile !== null) return { kind: 'file', path: masterKeyFile, ifAbsent: 'refuse' };
  return { kind: 'file', path: resolve(dataDir, 'master-key'), ifAbsent: 'make' };
}

/** A misspelt variable would otherwise be an option that is silently ignored. */
function unknownVariables(environment: Readonly<Record<string, string | undefined>>): Violation[] {
  const known = new Set(Object.values(SETTINGS).map((setting) => setting.variable));
  return Object.keys(environment)
    .filter((name) => name.startsWith('SOUK_') && !known.has(name) && !CLI_VARIABLES.has(name))
    .map((pointer) => ({ pointer, message: 'is no setting of Souk' }));
}

/** Variables of the `souk` command, which often share a shell with the server. */
const CLI_VARIABLES: ReadonlySet<string> = new Set(['SOUK_URL', 'SOUK_TOKEN', 'SOUK_ORG']);

function wholeNumber(
  byDefault: number,
  min: number,
  max: number,
): (text: string | undefined) => Parsed<number> {
  return (value) => {
    if (value === undefined) return { value: byDefault };
    const number = Number(value);
    const fits = /^\d{1,9}$/u.test(value) && number >= min && number <= max;
    return fits
      ? { value: number }
      : { fault: `is ${JSON.stringify(value)}, not a whole number from ${min} to ${max}` };
  };
}

function oneOf<T extends string>(
  allowed: readonly T[],
  byDefault: T,
): (text: string | undefined) => Parsed<T> {
  return (value) => {
    const found = allowed.find((name) => name === (value ?? byDefault));
    return found === undefined
      ? { fault: `is ${JSON.stringify(value)}, not one of ${allowed.join(', ')}` }
      : { value: found };
  };
}

function text(byDefault: string): (text: string | undefined) => Parsed<string> {
  return (value) => ({ value: value ?? byDefault });
}

/** A name that nobody can have would be a publisher that is not trusted, without a word. */
function publisherNames(value = ''): Parsed<readonly string[]> {
  const names = value
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const wrong = names.find((name) => !isNamespace(name));
  return wrong === undefined
    ? { value: names }
    : { fault: `has the entry ${JSON.stringify(wrong)}, which no publisher can be named` };
}

function databaseUrl(value: string | undefined): Parsed<string | null> {
  if (value === undefined) return { value: null };
  const isPostgres = URL.canParse(value) && /^postgres(?:ql)?:$/u.test(new URL(value).protocol);
  // The value holds a password: the message must not repeat it.
  return isPostgres ? { value } : { fault: 'is not a postgresql:// address' };
}

function origin(value: string | undefined): Parsed<string | null> {
  if (value === undefined) return { value: null };
  const url = URL.canParse(value) ? new URL(value) : null;
  const isOrigin =
    url !== null && /^https?:$/u.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash;
  return isOrigin
    ? { value: url.origin }
    : { fault: `is ${JSON.stringify(value)}, not an http(s) origin without a path` };
}

/** The table of `docs/settings.md`. */
export function settingsTable(): string {
  const rows = Object.values(SETTINGS).map(
    ({ variable, byDefault, meaning }: Setting<unknown>) => `| \`${variable}\` | ${byDefault} | ${meaning} |`,
  );
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
