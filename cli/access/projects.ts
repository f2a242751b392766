import type { Project, ProjectList, WhoAmI } from '../../contracts/access.ts';
import type { Cli } from '../context.ts';
import { fields, table } from '../table.ts';

export async function whoAmI(cli: Cli): Promise<void> {
  const who = await cli.api.get<WhoAmI>('/v1/whoami');
  cli.out.data(who, () =>
    fields([
      ['principal', `${who.principal} (${who.kind})`],
      ...Object.entries(who.roles).map(
        ([project, roles]) => [project === '*' ? 'everywhere' : project, roles.join(', ')] as const,
      ),
      ...(who.project === null ? [] : [['only in', who.project] as const]),
      ...(who.scopes === null ? [] : [['only', who.scopes.join(', ')] as const]),
    ]),
  );
}

export async function listProjects(cli: Cli): Promise<void> {
  const { items } = await cli.api.get<ProjectList>('/v1/projects');
  cli.out.data(items, () =>
    table([['PROJECT', 'SINCE'], ...items.map((item) => [item.name, item.createdAt])]),
  );
}

export async function createProject(cli: Cli, [name]: readonly string[]): Promise<void> {
  const { body } = await cli.api.post<Project>('/v1/projects', { name });
  cli.out.data(body, () => `made ${body.name}; work in it with --project ${body.name}`);
}
