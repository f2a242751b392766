import { open, rm } from 'node:fs/promises';
import type { EnrollProxy, ProxyEnrollment } from '../../contracts/proxy-enrollment.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { millisecondsOf } from '../flags.ts';

interface Flags {
  readonly env?: string;
  readonly region?: string;
  readonly label?: string[];
  readonly address?: string;
  readonly validFor?: string;
  readonly tokenFile?: string;
}

/** Invites a proxy. The token is alone on stdout, or in a file for its owner; what to run on the node is on stderr. */
export async function enrollProxy(cli: Cli, [proxy = '']: readonly string[], flags: Flags): Promise<void> {
  const input = inputOf(cli, proxy, flags);
  const { tokenFile } = flags;
  const invite = async (): Promise<ProxyEnrollment> =>
    (await cli.api.post<ProxyEnrollment>(cli.path('enrollments'), input)).body;
  if (tokenFile === undefined) {
    const invitation = await invite();
    tell(cli, invitation, 'FILE');
    return cli.out.data(invitation, () => invitation.token);
  }
  const { token: _secret, ...invitation } = await intoFile(tokenFile, invite);
  tell(cli, invitation, tokenFile);
  cli.out.data({ ...invitation, tokenFile }, () => tokenFile);
}

function inputOf(cli: Cli, proxy: string, flags: Flags): EnrollProxy {
  const { env, region, label, address, validFor } = flags;
  if (validFor !== undefined) millisecondsOf('--valid-for', validFor);
  return {
    proxy,
    environment: env ?? cli.config.agent.environment,
    ...(region === undefined ? {} : { region }),
    ...(label === undefined ? {} : { labels: labelsOf(label) }),
    ...(address === undefined ? {} : { address }),
    ...(validFor === undefined ? {} : { validFor }),
  };
}

/** Throws a usage error. */
export function labelsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((label) => {
      const at = label.indexOf('=');
      if (at > 0) return [label.slice(0, at), label.slice(at + 1)];
      throw new CliError(exitCodes.usage, `--label must be KEY=VALUE, not ${JSON.stringify(label)}`);
    }),
  );
}

/** The file is made before the invitation, so that no token is lost for want of a place; nothing that is there is overwritten. */
async function intoFile(path: string, invite: () => Promise<ProxyEnrollment>): Promise<ProxyEnrollment> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    const why = (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'it is there already' : String(error);
    throw new CliError(exitCodes.usage, `--token-file ${path} cannot be written: ${why}`);
  });
  try {
    const invitation = await invite();
    await file.writeFile(`${invitation.token}\n`);
    return invitation;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

function tell(cli: Cli, invitation: Omit<ProxyEnrollment, 'token'>, tokenFile: string): void {
  const { proxy, project, environment, expiresAt } = invitation;
  const place = `HOLDFAST_PROXY=${proxy} HOLDFAST_PROJECT=${project} HOLDFAST_PROXY_ENVIRONMENT=${environment}`;
  cli.out.note(
    `${proxy} may join ${environment} until ${expiresAt}; the token works once and is not shown again. On its node, with the token in ${tokenFile}:`,
  );
  cli.out.note(
    `  HOLDFAST_API_URL=${cli.api.url} ${place} node proxy-agent/main.ts enroll --token-file ${tokenFile}`,
  );
}
