import type { Cli } from '../context.ts';

export interface EnvironmentFlags {
  readonly env?: string;
}

/** --env, else what HOLDFAST_PROXY_ENVIRONMENT says, else production. */
export function environmentOf(cli: Cli, { env }: EnvironmentFlags): string {
  return env ?? cli.config.agent.environment;
}

/** The path of an environment, or of something below it. */
export function environmentPath(cli: Cli, environment: string, below = ''): string {
  const path = cli.path(`environments/${encodeURIComponent(environment)}`);
  return below === '' ? path : `${path}/${below}`;
}

/** So much of a revision as people can compare; every command takes it in place of all 64 characters. */
export function short(revision: string): string {
  return revision.slice(0, 12);
}
