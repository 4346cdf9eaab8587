/** How the command ends; docs/cli.md explains each to people who write scripts. */
export const EXIT_CODES = {
  /** Done. */
  ok: 0,
  /** Refused; a code of docs/errors.md tells why. */
  refused: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** `verify`: consistent, but nobody said whom to trust. */
  signerUnknown: 3,
  /** `plugin install` and its like without `--yes`: the plan was shown, and nothing was changed. */
  consentAwaited: 4,
  /** A fault of Souk (EX_SOFTWARE of sysexits.h). */
  fault: 70,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
