import { endProcesses } from '../process/end.ts';
import { environmentOf, familyOf, findProcesses, type ProcessMark } from '../process/proc.ts';

/** Carried by every process the supervisor starts; instances of releases inherit it and carry HOLDFAST_INSTANCE as well. */
export const partMark = 'HOLDFAST_PART';
const instanceMark = 'HOLDFAST_INSTANCE';

/** Processes of this state folder that belong to one part of the stack, whoever started them. */
export function processesOfPart(home: string, part: string): ProcessMark[] {
  return findProcesses((pid) => {
    const env = environmentOf(pid);
    return env.get('HOLDFAST_HOME') === home && env.get(partMark) === part && !env.has(instanceMark);
  });
}

/** The one that the others of the part come from; null when there is none. */
export function survivorOfPart(home: string, part: string): ProcessMark | null {
  const marks = processesOfPart(home, part);
  const descendants = new Set(marks.flatMap(({ pid }) => familyOf(pid).filter((member) => member !== pid)));
  return marks.find(({ pid }) => !descendants.has(pid)) ?? null;
}

/** Running instances of releases, which outlive the worker that started them. */
export function instancesOfReleases(home: string): ProcessMark[] {
  return findProcesses((pid) => {
    const env = environmentOf(pid);
    return env.get('HOLDFAST_HOME') === home && env.has(instanceMark);
  });
}

/** Ends what an earlier supervisor left, the worker first. HAProxy serves on until its successor is about to start. */
export async function endSurvivors(home: string): Promise<void> {
  for (const part of ['worker', 'proxy-agent', 'api', 'temporal', 'postgres']) await endPart(home, part);
}

/** Ends every process of the stack, instances of releases included. */
export async function endEverything(home: string): Promise<void> {
  for (const part of ['supervisor', 'worker', 'proxy-agent', 'haproxy']) await endPart(home, part);
  await endProcesses(instancesOfReleases(home), { graceMs: 3000 });
  for (const part of ['api', 'temporal', 'postgres']) await endPart(home, part);
}

async function endPart(home: string, part: string): Promise<void> {
  // SIGINT is the fast shutdown of PostgreSQL; SIGTERM would wait for its sessions.
  const signal = part === 'postgres' ? 'SIGINT' : 'SIGTERM';
  await endProcesses(processesOfPart(home, part), {
    signal,
    graceMs: part === 'supervisor' ? 60_000 : 10_000,
  });
}

/** Everything that runs for this state folder. */
export function remainingProcesses(home: string): ProcessMark[] {
  return findProcesses((pid) => {
    const env = environmentOf(pid);
    return env.get('HOLDFAST_HOME') === home && (env.has(partMark) || env.has(instanceMark));
  });
}
