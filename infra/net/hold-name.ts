import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Takes a name for as long as this process lives, however it ends, and leaves no file: an address in the kernel's abstract
 * socket namespace. Answers false when another process holds it.
 */
export async function holdName(name: string): Promise<boolean> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ path: `\0holdfast-${name}` });
    await once(server, 'listening');
    server.unref();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
