import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * One supervisor a state folder. The lock is a name in the kernel's abstract socket namespace: it goes with the process that
 * holds it, however that ends, and leaves no file. Answers false when another process holds it.
 */
export async function holdStackLock(home: string): Promise<boolean> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ path: `\0holdfast-${createHash('sha256').update(home).digest('hex').slice(0, 32)}` });
    await once(server, 'listening');
    server.unref();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
