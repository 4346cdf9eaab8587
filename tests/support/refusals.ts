import { expect } from 'vitest';
import type { ErrorCode } from '../../spec/error-codes.ts';
import { Refusal } from '../../spec/refusal.ts';

/** Runs something that must be refused. @returns the code, so that a test compares it */
export async function codeOf(attempt: () => unknown): Promise<ErrorCode> {
  try {
    await attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    if (error instanceof Refusal) return error.code;
  }
  return expect.unreachable('nothing was refused');
}
