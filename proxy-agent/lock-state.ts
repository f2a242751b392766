import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { OpsError } from '../domain/errors.ts';

/**
 * Keeps a second agent from the same state; answers how to let go of it. An abstract socket: the kernel lets go with the process, so a
 * crash leaves no lock behind. Throws `conflict` while another agent has it.
 */
export async function lockState(folder: string): Promise<() => void> {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  const server = createServer().unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', () =>
      reject(new OpsError('conflict', `another proxy agent runs on the state in ${folder}`)),
    );
    server.listen(`\0holdfast-proxy-agent-${name}`, resolve);
  });
  return () => void server.close();
}
