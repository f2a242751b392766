import type { ServiceInput } from '../contracts/service.ts';
import { CliError } from './exit.ts';
import { readPlan, type PlanSource } from './plan-file.ts';
import { members, rootOf, text, wrong } from './reader.ts';
import { readYaml } from './yaml-source.ts';

export interface ServiceFile {
  readonly service: ServiceInput;
  readonly source: PlanSource;
}

/** Reads a service from YAML or JSON. Its plan stands under `plan:` or `canary:`; its shape is checked by the API. */
export async function readServiceFile(path: string): Promise<ServiceFile> {
  const source = await readYaml(path);
  const root = rootOf(source);
  const part = members(root, ['name', 'start', 'traffic', 'health', 'instances', 'plan', 'canary'] as const);
  if (part.name === undefined) return wrong(root, 'the file must name the service: name: …');
  if (part.plan !== undefined && part.canary !== undefined)
    wrong(part.canary, 'stands beside plan; give one of them');
  const at = part.plan ?? part.canary;
  const reading = at === undefined ? null : readPlan(at);
  const { canary, ...rest } = source.value as Record<string, unknown>;
  void canary;
  return {
    service: {
      ...rest,
      name: text(part.name),
      ...(reading === null ? {} : { plan: reading.plan }),
    } as ServiceInput,
    source: {
      ...source,
      locate: ([first = '', ...inner]) =>
        first === 'plan' && reading !== null ? reading.locate(inner) : [first, ...inner],
    },
  };
}

/** Adds file, line and column to what the API found wrong in something that was read from a file. */
export function locate(error: unknown, source: PlanSource, below = ''): unknown {
  if (!(error instanceof CliError) || error.problem?.errors === undefined) return error;
  const faults = error.problem.errors.filter(({ pointer }) => pointer.startsWith(`${below}/`));
  if (faults.length === 0) return error;
  const lines = faults.map(({ pointer, detail }) => {
    const path = pointer.slice(below.length + 1).split('/');
    return `${source.at(source.locate(path), { key: detail.includes('not known') })}: ${path.join('.')} ${detail}`;
  });
  return new CliError(error.exitCode, lines.join('\n'), error.problem);
}
