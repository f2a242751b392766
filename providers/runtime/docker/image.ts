import type Docker from 'dockerode';
import { OpsError } from '../../../domain/errors.ts';
import { ask, notFound, reasonOf } from './engine.ts';

/**
 * Makes sure that the engine has the image. Only an image whose name begins with a registry's host is fetched: any other is expected to
 * be there. Throws `start-failed` with what to do.
 */
export async function ensureImage(docker: Docker, image: string, signal: AbortSignal): Promise<void> {
  if ((await ask(() => docker.getImage(image).inspect(), [notFound])) !== null) return;
  if (!namesRegistry(image)) {
    throw new OpsError(
      'start-failed',
      `the engine has no image ${image}; build, load or pull it there, then start again`,
    );
  }
  try {
    await pull(docker, image, signal);
  } catch (error) {
    signal.throwIfAborted();
    const remedy = 'pull it by hand to see why, then start again';
    throw new OpsError(
      'start-failed',
      `image ${image} cannot be pulled: ${reasonOf(error)}; ${remedy}`,
      {},
      error,
    );
  }
}

function namesRegistry(image: string): boolean {
  const [host = '', ...rest] = image.split('/');
  return rest.length > 0 && (/[.:]/.test(host) || host === 'localhost');
}

async function pull(docker: Docker, image: string, signal: AbortSignal): Promise<void> {
  const progress = await docker.pull(image, { abortSignal: signal });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(progress, (error) => (error === null ? resolve() : reject(error)));
  });
}
