import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Which addresses that are not public a webhook may go to. */
export type PrivateAddresses = 'none' | 'loopback' | 'all';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const notPublic = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  // Unspecified, loopback, and what carries an IPv4 address within: translated, 6to4, Teredo.
  ['::', 96],
  ['64:ff9b::', 32],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv6');
}

/** Whether a message may go to an IP address. One that cannot be read may not be gone to. */
export function isAllowed(address: string, policy: PrivateAddresses): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (policy === 'all' || !notPublic.check(address, type)) return true;
  return policy === 'loopback' && loopback.check(address, type);
}

export class AddressRefused extends Error {}

/** Says which addresses are not gone to, and what to do when that is wrong. */
export function addressRefused(host: string): AddressRefused {
  return new AddressRefused(
    `${host} is not a public address; if it is meant, set HOLDFAST_NOTIFICATION_PRIVATE_ADDRESSES to loopback or all where the worker runs`,
  );
}

/** Resolves a name for the connection itself, so that what was checked is what is connected to. Refuses when any address is private. */
export function guardedLookup(policy: PrivateAddresses): LookupFunction {
  return (hostname, options, done) => {
    const all: LookupOptions & { all: true } = { ...options, all: true };
    resolve(hostname, all, (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
      if (error !== null) return done(error, '');
      if (addresses.some(({ address }) => !isAllowed(address, policy)))
        return done(addressRefused(hostname), '');
      const [first] = addresses;
      if (options.all === true) return done(null, addresses);
      return done(null, first?.address ?? '', first?.family);
    });
  };
}
