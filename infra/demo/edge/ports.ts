import { holdName } from '../../net/hold-name.ts';
import { freePort, freeUdpPort, isPortFree } from '../../net/ports.ts';

/** A TCP port that is free on each of the addresses, and no other demo's as long as this process lives. */
export async function edgePort(addresses: readonly string[]): Promise<number> {
  const port = await freePort();
  const free = await Promise.all(addresses.map((address) => isPortFree(port, address)));
  return free.every(Boolean) && (await holdName(`port-${port}`)) ? port : edgePort(addresses);
}

/** The same of UDP on loopback. */
export async function edgeLogPort(): Promise<number> {
  const port = await freeUdpPort();
  return (await holdName(`udp-${port}`)) ? port : edgeLogPort();
}
