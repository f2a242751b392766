import type { Problem } from '../contracts/common.ts';

/** What the exit code tells a script; docs/cli.md explains each. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  auth: 3,
  notFound: 4,
  conflict: 5,
  timeout: 6,
  rejected: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the command with a code and a message on stderr; the problem is printed with --json. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  readonly problem: Problem | null;

  constructor(exitCode: ExitCode, message: string, problem: Problem | null = null) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.problem = problem;
  }
}

export function exitCodeOfProblem(problem: Pick<Problem, 'status' | 'code'>): ExitCode {
  switch (problem.status) {
    case 400:
    case 413:
    case 415:
    case 431:
      return exitCodes.usage;
    case 401:
    case 403:
      return exitCodes.auth;
    case 404:
      return exitCodes.notFound;
    case 409:
    case 412:
      return exitCodes.conflict;
    case 422:
      return problem.code === 'idempotency-mismatch' ? exitCodes.conflict : exitCodes.failed;
    case 504:
      return exitCodes.timeout;
    default:
      return exitCodes.failed;
  }
}

/** How a closed run ends a command that waited for it; `wanted` names the outcomes that the command was after. */
export function exitCodeOfOutcome(outcome: string | null, wanted: readonly string[]): ExitCode {
  if (outcome !== null && wanted.includes(outcome)) return exitCodes.ok;
  return outcome === 'rejected' ? exitCodes.rejected : exitCodes.failed;
}
