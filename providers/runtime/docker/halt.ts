import { homeLabel, labels } from './container.ts';
import { demand, engineAt, notFound, notModified } from './engine.ts';

/**
 * Stops every running container of a stack and keeps them, so that the next start finds them at their address. Answers how many.
 * Throws `unavailable` when the engine does not answer.
 */
export async function haltContainers(
  home: string,
  dockerHost: string | null,
  graceMs: number,
): Promise<number> {
  const docker = engineAt(dockerHost);
  const label = [`${labels.home}=${homeLabel(home)}`];
  const running = (await demand(() => docker.listContainers({ filters: { label } }))) ?? [];
  const t = Math.ceil(graceMs / 1000);
  await Promise.all(
    running.map(({ Id }) => demand(() => docker.getContainer(Id).stop({ t }), [notFound, notModified])),
  );
  return running.length;
}
