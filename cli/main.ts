/** The command `souk`. Each verb is a file in `verbs/` and a line here. */
import type { ExitCode } from './exit-code.ts';
import { type Io, processIo } from './io.ts';
import { runShell, type Verb } from './shell.ts';
import { registerAudit } from './verbs/audit.ts';
import { registerAvailability } from './verbs/availability.ts';
import { registerCheck } from './verbs/check.ts';
import { registerContract } from './verbs/contract.ts';
import { registerDev } from './verbs/dev.ts';
import { registerEvents } from './verbs/events.ts';
import { registerImports } from './verbs/imports.ts';
import { registerInit } from './verbs/init.ts';
import { registerJobs } from './verbs/jobs.ts';
import { registerKeygen } from './verbs/keygen.ts';
import { registerKeys } from './verbs/keys.ts';
import { registerLogin } from './verbs/login.ts';
import { registerLogs } from './verbs/logs.ts';
import { registerOrg } from './verbs/org.ts';
import { registerPack } from './verbs/pack.ts';
import { registerPlugin } from './verbs/plugin.ts';
import { registerPublish } from './verbs/publish.ts';
import { registerRecords } from './verbs/records.ts';
import { registerReview } from './verbs/review.ts';
import { registerReviews } from './verbs/reviews.ts';
import { registerSafeMode } from './verbs/safe-mode.ts';
import { registerSchedules } from './verbs/schedules.ts';
import { registerSearch } from './verbs/search.ts';
import { registerSign } from './verbs/sign.ts';
import { registerSweep } from './verbs/sweep.ts';
import { registerTest } from './verbs/test.ts';
import { registerTrust } from './verbs/trust.ts';
import { registerVerify } from './verbs/verify.ts';
import { registerWithdraw } from './verbs/withdraw.ts';

const VERBS: readonly Verb[] = [
  registerInit,
  registerTest,
  registerCheck,
  registerDev,
  registerPack,
  registerKeygen,
  registerSign,
  registerTrust,
  registerVerify,
  registerLogin,
  registerOrg,
  registerKeys,
  registerPublish,
  registerSearch,
  registerWithdraw,
  registerPlugin,
  registerContract,
  registerLogs,
  registerJobs,
  registerEvents,
  registerSchedules,
  registerImports,
  registerReviews,
  registerRecords,
  registerReview,
  registerAvailability,
  registerSafeMode,
  registerAudit,
  registerSweep,
];

/**
 * @param argv the words after `souk`
 * @returns the exit code; everything has been printed
 */
export function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  return runShell(argv, io, VERBS);
}

if (import.meta.main) process.exitCode = await run(process.argv.slice(2), processIo());
