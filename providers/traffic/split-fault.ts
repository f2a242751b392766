import type { Split } from './traffic.ts';

const addressPattern = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;

/** What makes a split impossible to apply, or null. */
export function splitFault(split: Split): string | null {
  const names = split.servers.map((server) => server.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `names the server ${twice} twice`;
  for (const server of split.servers) {
    if (!addressPattern.test(server.address)) {
      return `gives the server ${server.name} the address ${server.address}; it must be IP:port, names are not resolved`;
    }
    if (!Number.isInteger(server.weight) || server.weight < 0 || server.weight > 256) {
      return `gives the server ${server.name} the weight ${server.weight}; it must be 0 to 256`;
    }
  }
  if (split.canary !== null && (split.leaseMs === null || split.leaseMs <= 0)) {
    return `puts ${split.canary} on trial without a lease`;
  }
  if (split.canary !== null && split.canary === split.stable)
    return `has ${split.canary} as both canary and stable`;
  return null;
}
