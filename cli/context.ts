import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { createClient, type ApiClient } from './client.ts';
import { createCredential } from './session/credential.ts';
import { createOutput, type Output, type Streams } from './output.ts';

/** What every command works with. */
export interface Cli {
  readonly config: Config;
  readonly api: ApiClient;
  readonly out: Output;
  readonly project: string;
  /** Path below the project. */
  path(rest: string): string;
  /** Says what to tell when Ctrl-C ends the waiting: how to come back to a run that goes on. */
  reattachBy(command: string | null): void;
  readonly reattach: () => string | null;
}

export interface GlobalOptions {
  readonly json?: boolean;
  readonly project?: string;
  readonly apiUrl?: string;
}

export function createContext(options: GlobalOptions, config: Config, streams: Streams): Cli {
  const apiUrl = options.apiUrl ?? apiUrlOf(config);
  const project = options.project ?? config.project;
  const out = createOutput(streams, { json: options.json === true, color: config.color });
  let reattach: string | null = null;
  return {
    config,
    api: createClient(apiUrl, createCredential(config, apiUrl)),
    out,
    project,
    path: (rest) => `/v1/projects/${encodeURIComponent(project)}/${rest}`,
    reattachBy: (command) => void (reattach = command),
    reattach: () => reattach,
  };
}

/** The setting, else what the running stack wrote down, else the default port. */
function apiUrlOf(config: Config): string {
  if (config.api.url !== null) return config.api.url;
  try {
    const stack: unknown = JSON.parse(readFileSync(join(config.home, 'stack.json'), 'utf8'));
    const url = (stack as { urls?: { api?: unknown } }).urls?.api;
    if (typeof url === 'string') return url;
  } catch {
    // No stack was started from this folder.
  }
  return `http://${config.api.host}:${config.api.port}`;
}

/** An action that gets the context as its first argument; arguments and options follow as commander gives them. */
export type Action<Options = unknown> = (
  cli: Cli,
  args: readonly string[],
  options: Options,
) => Promise<number | void>;

/** Loads the action's file only when the command runs, so that `--help` stays fast. */
export type Bind = <Options>(command: Command, load: () => Promise<Action<Options>>) => void;
