/** How limits must relate: where one contradicts another, something could never happen that the first one promises. */
import { Fault } from '../refusal.ts';
import { FILE_LIMITS, ORGANIZATION_LIMITS, RECORD_LIMITS, TELEMETRY_LIMITS } from './data.ts';
import { PACKAGE_LIMITS } from './packages.ts';
import {
  ISOLATE_LIMITS,
  RUN_LIMITS,
  RUNNER_LIMITS,
  STREAM_LIMITS,
  STRIKE_LIMITS,
  type RunLimits,
} from './runs.ts';
import { EGRESS_LIMITS, HTTP_LIMITS, MAIL_LIMITS } from './traffic.ts';
import { EVENT_LIMITS, JOB_LIMITS, QUEUE_LIMITS } from './work.ts';

/** A sentence, and whether it holds. */
type Relation = readonly [string, boolean];

const { endpoint, job } = RUN_LIMITS;

const PACKAGES: readonly Relation[] = [
  ['a file fits into the content', PACKAGE_LIMITS.fileBytesMax <= PACKAGE_LIMITS.contentBytesMax],
  ['code fits into a file limit', PACKAGE_LIMITS.codeBytesMax <= PACKAGE_LIMITS.fileBytesMax],
];

const UPLOADS: readonly Relation[] = [
  ['a user has room for an upload', HTTP_LIMITS.uploadBytesMax <= HTTP_LIMITS.uploadsOfOneBytesMax],
  ['an installation has room for a body', endpoint.requestBytesMax <= RUNNER_LIMITS.bodiesOfOneBytesMax],
  ['no installation has all room', RUNNER_LIMITS.bodiesOfOneBytesMax < RUNNER_LIMITS.bodiesBytesMax],
  ['no user has all room', HTTP_LIMITS.uploadsOfOneBytesMax < HTTP_LIMITS.uploadsBytesMax],
];

const FRAMES: readonly Relation[] = [
  ['a body fits into a frame', endpoint.requestBytesMax * 2 < RUNNER_LIMITS.frameBytesMax],
  ['an answer fits into a frame', endpoint.responseBytesMax * 2 < RUNNER_LIMITS.frameBytesMax],
  ['a piece fits into a frame', STREAM_LIMITS.pieceBytesMax * 2 < RUNNER_LIMITS.frameBytesMax],
];

const STREAMS: readonly Relation[] = [
  ['a body in pieces has more than one', STREAM_LIMITS.pieceBytesMax < endpoint.requestBytesMax],
  ['a stream is longer than a whole body', endpoint.responseBytesMax < STREAM_LIMITS.responseBytesMax],
  ['a stream falls silent before it ends', STREAM_LIMITS.silenceMsMax < STREAM_LIMITS.wallTimeMsMax],
  ['an ordinary call is shorter than a silence', endpoint.wallTimeMsMax < STREAM_LIMITS.silenceMsMax],
];

const RUNNERS: readonly Relation[] = [
  [
    'an installation fits into its organization',
    RUNNER_LIMITS.runsPerInstallationMax <= RUNNER_LIMITS.runsPerOrganizationMax,
  ],
  ['an organization fits into a server', RUNNER_LIMITS.runsPerOrganizationMax <= RUNNER_LIMITS.runsMax],
  ['neighbours are spared before a step is ended', RUNNER_LIMITS.neighbourWaitMsMax < endpoint.entryMsMax],
  [
    'neighbours are spared from one step sooner than from many',
    RUNNER_LIMITS.neighbourWaitMsMax < RUNNER_LIMITS.neighbourWindowCpuMsMax &&
      RUNNER_LIMITS.neighbourWindowCpuMsMax < RUNNER_LIMITS.neighbourWindowMs,
  ],
  ['few runners are fewer than many', RUNNER_LIMITS.runnersMin < RUNNER_LIMITS.runnersMax],
  [
    'pressure lies between a full runner and the ceiling',
    RUNNER_LIMITS.residentBytesMax / 2 < RUNNER_LIMITS.pressureBytesMin &&
      RUNNER_LIMITS.pressureBytesMin < RUNNER_LIMITS.residentBytesMax,
  ],
  ['growth is below the ceiling', RUNNER_LIMITS.residentGrowthBytesMax < RUNNER_LIMITS.residentBytesMax],
  [
    'the shortest break from service is not longer than the longest',
    STRIKE_LIMITS.breakerMsMin <= STRIKE_LIMITS.breakerMsMax,
  ],
];

const HOST_CALLS: readonly Relation[] = [
  [
    'a fetched body fits into one reply, with its headers',
    (EGRESS_LIMITS.replyBytesMax + EGRESS_LIMITS.headerBytesMax) * 6 < ISOLATE_LIMITS.answerCharsMax,
  ],
  ['a fetched body is read whole or in pieces', EGRESS_LIMITS.wholeBytesMax < EGRESS_LIMITS.responseBytesMax],
  ['a request out ends before its run', EGRESS_LIMITS.totalMsMax < endpoint.wallTimeMsMax],
  [
    'a request out of a run fits into its installation',
    EGRESS_LIMITS.perRunMax <= EGRESS_LIMITS.perInstallationMax,
  ],
  ['a piece of a file fits into an answer', FILE_LIMITS.pieceBytesMax * 6 < ISOLATE_LIMITS.answerCharsMax],
  ['a file fits into its organization', FILE_LIMITS.fileBytesMax <= FILE_LIMITS.orgBytesMax],
  ['a mail fits into a call', MAIL_LIMITS.contentBytesMax < ISOLATE_LIMITS.callCharsMax],
  ['a mail ends before its run', MAIL_LIMITS.deliveryMsMax < endpoint.wallTimeMsMax],
  ['an event fits into a call', EVENT_LIMITS.dataBytesMax < ISOLATE_LIMITS.callCharsMax],
  ['a row fits into a call', RECORD_LIMITS.originalCharsMax < ISOLATE_LIMITS.callCharsMax],
  ['a logged line is kept whole', ISOLATE_LIMITS.logCharsMax <= TELEMETRY_LIMITS.textCharsMax],
];

const WORK: readonly Relation[] = [
  ['lanes outlive two lost signs', EVENT_LIMITS.holdTouchMs * 3 < EVENT_LIMITS.holdSeconds * 1_000],
  ['a task outlives two lost heartbeats', QUEUE_LIMITS.touchMs * 3 < QUEUE_LIMITS.heartbeatSeconds * 1_000],
  ['a task outlives its run', job.wallTimeMsMax < QUEUE_LIMITS.taskSecondsMax * 1_000],
  [
    'an organization leaves a server to others',
    JOB_LIMITS.runsPerOrganizationMax < JOB_LIMITS.runsPerServerMax,
  ],
  [
    'deliveries of an organization leave a server to others',
    EVENT_LIMITS.runsPerOrganizationMax < EVENT_LIMITS.runsPerServerMax,
  ],
  [
    'deliveries of an installation leave others of its organization room',
    EVENT_LIMITS.runsPerInstallationMax < EVENT_LIMITS.runsPerOrganizationMax,
  ],
  [
    'jobs and deliveries fit into a server',
    JOB_LIMITS.runsPerServerMax + EVENT_LIMITS.runsPerServerMax < RUNNER_LIMITS.runsMax,
  ],
];

const SERVERS: readonly Relation[] = [
  [
    'an organization may be given what a server has',
    ORGANIZATION_LIMITS.runsMax.max <= RUNNER_LIMITS.runsMax,
  ],
  ['a page by default is a page', HTTP_LIMITS.pageSizeDefault <= HTTP_LIMITS.pageSizeMax],
];

const RUNS: readonly Relation[] = Object.entries(RUN_LIMITS).flatMap(([kind, limits]) =>
  relationsOf(kind, limits),
);

function relationsOf(kind: string, limits: RunLimits): readonly Relation[] {
  const timerMs = limits.entryMsMax * RUNNER_LIMITS.entryWallFactor;
  return [
    [`${kind}: an entry is shorter than the processor budget`, limits.entryMsMax < limits.cpuTimeMsMax],
    [`${kind}: the timer of an entry ends before the deadline`, timerMs < limits.wallTimeMsMax],
    [
      `${kind}: the processor budget is shorter than the deadline`,
      limits.cpuTimeMsMax < limits.wallTimeMsMax,
    ],
  ];
}

/** @throws Fault when two limits contradict each other */
export function assertLimits(): void {
  const all = [PACKAGES, UPLOADS, FRAMES, STREAMS, RUNNERS, HOST_CALLS, WORK, SERVERS, RUNS].flat();
  const broken = all.find(([, holds]) => !holds);
  if (broken) throw new Fault(`limits contradict each other: ${broken[0]}`);
}
