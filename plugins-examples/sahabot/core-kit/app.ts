import { Hono } from 'hono';
import type { Host } from 'souk/sdk';
import { isDenied, messageOf, Problem } from './problem.ts';

export type App = Hono<{ Bindings: Host }>;

/** An app that answers problems with their code, and says which permission it lacks. */
export function makeApp(): App {
  const app: App = new Hono();
  app.onError((error, context) => {
    const problem = problemOf(error);
    if (!problem) throw error;
    context.env.log.warn(problem.code, problem.message);
    return context.json({ code: problem.code, message: problem.message }, problem.status);
  });
  return app;
}

/** @returns undefined for what is the plugin's own fault */
function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (isDenied(error)) return new Problem(403, 'permission_denied', messageOf(error));
  const { code } = error as { code?: unknown };
  // Another plugin that this one calls, or the implementation of a contract, is not there or did not answer.
  if (typeof code === 'string' && /^(?:plugin|contract)_/u.test(code))
    return new Problem(503, code, messageOf(error));
  return undefined;
}
