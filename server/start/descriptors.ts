/** How many descriptors the system gives this process: each connection, runner, session of the database and file is one. */

/** What is read of the report of a process (Node.js, "Diagnostic report"). */
type Report = { readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } } };

/** @returns the limit (getrlimit(2), `RLIMIT_NOFILE`; Node has raised it as far as it may), or undefined without one */
export function descriptorsMax(): number | undefined {
  // Its part on the network would look up the names of all peers.
  const report: typeof process.report & { excludeNetwork?: boolean } = process.report;
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as Report;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}
