import { readFile } from 'node:fs/promises';

/** The pinned version of the Temporal CLI and server: `go.mod` beside this file is the one place that states it. */
export async function temporalVersion(): Promise<string> {
  const manifest = await readFile(new URL('go.mod', import.meta.url), 'utf8');
  const version = manifest.match(/^\s*(?:require )?github\.com\/temporalio\/cli v(\S+)/m)?.[1];
  if (version === undefined)
    throw new Error('infra/temporal/go.mod names no version of github.com/temporalio/cli');
  return version;
}
