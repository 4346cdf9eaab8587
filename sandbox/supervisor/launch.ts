/**
 * The command line of a runner, for each level of process rights that a machine may give.
 *
 * Best first: namespaces and a user of its own; a user of its own; no new privileges; the permission model alone. A level
 * is used only after a runner has really been started with it and has found its walls standing.
 */
import { RUNNER_LIMITS } from '../../spec/limits.ts';
import type { RuntimeFiles } from './runtime-files.ts';

export type Launch = {
  readonly command: string;
  readonly args: readonly string[];
};

/** How V8 runs guests: `jit` compiles to machine code, `jitless` only interprets and has no writable code memory. */
export type EngineProfile = 'jit' | 'jitless';

export const RIGHTS_LEVELS = [
  'namespaces',
  'user-namespaces',
  'other-user',
  'no-new-privileges',
  'permission-model',
] as const;

export type RightsLevel = (typeof RIGHTS_LEVELS)[number];

/** What each level means, for the health page. */
export const RIGHTS_SENTENCES: Readonly<Record<RightsLevel, string>> = {
  namespaces: 'Runners have a user of their own, no privileges, and see no other process and no network.',
  'user-namespaces': 'Runners see no other process and no network; they have no privileges.',
  'other-user': 'Runners have a user of their own, without privileges.',
  'no-new-privileges': 'Runners have the same user as the server, and cannot gain privileges.',
  'permission-model':
    "Runners have the same user as the server; only Node's permission model restrains them.",
};

/** Levels at which a runner that was taken over could read the memory of the server. */
export const WEAK_LEVELS: ReadonlySet<RightsLevel> = new Set(['no-new-privileges', 'permission-model']);

const COMMON_FLAGS = [
  // isolated-vm needs a process that was not started from Node's own snapshot.
  '--no-node-snapshot',
  '--single-threaded',
  '--disable-sigusr1',
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
  '--wasm-max-mem-pages=0',
  // Node turns them on; isolated-vm has no answer for `import source`, and V8 ends the process where there is none.
  '--no-js-source-phase-imports',
  '--freeze-flags-after-init',
  '--permission',
  '--allow-addons',
  '--no-warnings',
];

/**
 * Users of runners: the range that systemd keeps for users without a name, below 65,536 so that containers with a
 * mapped range have it. One for each runner, so that none can signal or trace another.
 */
const USER_FIRST = 61_184;
const USERS = 4_000;

/** Descriptors: channel, mark, and what Node itself opens. Files: the mark is 16 bytes. In the units of `ulimit`. */
const RESOURCE_LIMITS = ['-c 0', '-n 64', '-f 8'];
/**
 * The engine's timer thread wakes for the deadline of every entry, also of those that ended long before. With a
 * millisecond of slack (proc_pid_timerslack_ns(5), inherited by threads and by what is executed) it wakes for many at
 * once: Node's own timers count in milliseconds. Linux alone has it, and nothing depends on it.
 */
const COALESCED_TIMERS = '{ echo 1000000 > /proc/self/timerslack_ns; } 2> /dev/null || :';
/** Measured without a compiler: about 64 MiB, and 11 MiB for each isolate; and room for one run's growth. In KiB. */
const JITLESS_DATA_KIB =
  (64 + RUNNER_LIMITS.isolatesMax * 11) * 1_024 + RUNNER_LIMITS.residentGrowthBytesMax / 1_024;

export type LaunchRequest = {
  readonly files: RuntimeFiles;
  readonly profile: EngineProfile;
  readonly level: RightsLevel;
  /** Counts the runners of this server. */
  readonly sequence: number;
};

/** @returns what starts one runner at one level */
export function launchRunner(request: LaunchRequest): Launch {
  const [command, ...args] = [
    ...rightsPrefix(request),
    ...(request.level === 'permission-model' ? [] : limitsPrefix(request.profile)),
    ...nodeCommand(request),
  ];
  return { command: command as string, args };
}

function nodeCommand({ files, profile }: LaunchRequest): string[] {
  const engineFlags = profile === 'jitless' ? ['--jitless'] : [];
  return [
    files.nodePath,
    ...COMMON_FLAGS,
    ...engineFlags,
    `--allow-fs-read=${files.folder}/`,
    files.runnerPath,
    files.addonPath,
  ];
}

/** One limit for each `ulimit`, and nothing starts where one fails: dash ignores all but the first of a list. */
function limitsPrefix(profile: EngineProfile): string[] {
  const limits = profile === 'jitless' ? [...RESOURCE_LIMITS, `-d ${JITLESS_DATA_KIB}`] : RESOURCE_LIMITS;
  const begin = `${COALESCED_TIMERS}; ${limits.map((limit) => `ulimit ${limit}`).join(' && ')}`;
  const script = `${begin} && exec "$0" "$@"`;
  return ['/bin/sh', '-c', script];
}

const NO_PRIVILEGES = ['--no-new-privs', '--inh-caps=-all', '--pdeathsig=KILL'];
/** `unshare` stays in front of the runner: it must not outlive the server, and takes the runner with it. */
const DIES_WITH_SERVER = ['setpriv', '--pdeathsig=KILL'];
const UNSHARED = [
  '--net',
  '--ipc',
  '--uts',
  '--pid',
  '--mount',
  '--mount-proc',
  '--fork',
  '--kill-child=KILL',
];

function rightsPrefix({ level, sequence }: LaunchRequest): string[] {
  const user = USER_FIRST + (sequence % USERS);
  const otherUser = [
    'setpriv',
    `--reuid=${user}`,
    `--regid=${user}`,
    '--clear-groups',
    '--bounding-set=-all',
    ...NO_PRIVILEGES,
  ];
  switch (level) {
    case 'namespaces':
      return [...DIES_WITH_SERVER, 'unshare', ...UNSHARED, ...otherUser];
    case 'user-namespaces':
      return [
        ...DIES_WITH_SERVER,
        'unshare',
        '--user',
        '--map-current-user',
        // Kept for `setpriv` alone: who has none cannot empty the bounding set, and is not told so.
        '--keep-caps',
        ...UNSHARED,
        'setpriv',
        '--bounding-set=-all',
        '--ambient-caps=-all',
        ...NO_PRIVILEGES,
      ];
    case 'other-user':
      return otherUser;
    case 'no-new-privileges':
      return ['setpriv', ...NO_PRIVILEGES];
    case 'permission-model':
      return [];
  }
}

/** @returns the levels worth trying, best first: only root can become another user */
export function candidateLevels(user: 'root' | 'ordinary' = presentUser()): RightsLevel[] {
  switch (user) {
    case 'root':
      return RIGHTS_LEVELS.filter((level) => level !== 'user-namespaces');
    case 'ordinary':
      return RIGHTS_LEVELS.filter((level) => level !== 'namespaces' && level !== 'other-user');
  }
}

function presentUser(): 'root' | 'ordinary' {
  return process.getuid?.() === 0 ? 'root' : 'ordinary';
}
