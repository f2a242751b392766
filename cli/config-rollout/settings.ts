import type { Environment, EnvironmentList } from '../../contracts/config-revision.ts';
import type { Cli } from '../context.ts';
import { rootOf, wrong } from '../reader.ts';
import { table } from '../table.ts';
import { readYaml } from '../yaml-source.ts';
import { environmentOf, environmentPath, short, type EnvironmentFlags } from './environment.ts';
import { locating } from './faults.ts';
import { yamlText } from './rewrite-yaml.ts';

export async function listEnvironments(cli: Cli): Promise<void> {
  const { items } = await cli.api.get<EnvironmentList>(cli.path('environments'));
  cli.out.data(items, () =>
    items.length === 0
      ? 'no environments; the first configuration makes one: holdfast config put --env NAME FILE --reason …'
      : table([
          ['ENVIRONMENT', 'HEAD', 'LIVE', 'PROXIES', 'PROVEN', 'DRIFTING', 'ROLLOUT'],
          ...items.map(({ name, head, live, proxies, proven, drifting, rollout }) => [
            ...[name, revisionText(head), revisionText(live)],
            ...[proxies, proven, drifting].map(String),
            rollout ?? '-',
          ]),
        ]),
  );
}

/**
 * The settings alone on stdout, as YAML that `env set` takes; what the environment is on stderr. A comment says which settings they were,
 * so that a later `env set` does not undo what somebody else has set meanwhile.
 */
export async function showEnvironment(
  cli: Cli,
  [name]: readonly string[],
  flags: EnvironmentFlags,
): Promise<void> {
  const path = environmentPath(cli, name ?? environmentOf(cli, flags));
  const { body: environment, etag } = await cli.api.getTagged<Environment>(path);
  if (!cli.out.json) cli.out.note(environmentText(environment));
  const heading = etag === null ? '' : `# made from ${etag}\n`;
  cli.out.data(environment, () => `${heading}${yamlText(environment.settings).trimEnd()}`);
}

/** Replaces all settings by those of a file; the environment is made when there is none. */
export async function setEnvironment(
  cli: Cli,
  args: readonly string[],
  flags: EnvironmentFlags & { force?: boolean },
): Promise<void> {
  const [name = environmentOf(cli, flags), path = '-'] = args.length > 1 ? args : [undefined, ...args];
  const source = await readYaml(path);
  const value = source.value ?? {};
  if (typeof value !== 'object' || Array.isArray(value))
    wrong(rootOf(source), 'must be a mapping with plan, freezes, expectations, drift, bundleLifetime');
  const condition = flags.force === true ? {} : conditionOf(source.text);
  const request = cli.api.put<Environment>(environmentPath(cli, name), value, condition);
  const environment = await locating([{ below: '', source }], request);
  cli.out.data(environment, () => `the settings of ${environment.name} are set`);
}

/** What the comment of `env show` says; a file without it replaces whatever is there. */
function conditionOf(text: string): Record<string, string> {
  const [, etag] = /^# made from ("[!-~]+")\s*$/m.exec(text) ?? [];
  return etag === undefined ? {} : { 'if-match': etag };
}

function environmentText({
  name,
  head,
  live,
  previous,
  proxies,
  proven,
  drifting,
  rollout,
}: Environment): string {
  const fleet = `${proxies} proxies, ${proven} proven, ${drifting} drifting`;
  const revisions = `head ${revisionText(head)}, live ${revisionText(live)}, before that ${revisionText(previous)}`;
  return `${name}: ${fleet}; ${revisions}${rollout === null ? '' : `; rollout ${rollout}`}`;
}

function revisionText(revision: string | null): string {
  return revision === null ? 'none' : short(revision);
}
