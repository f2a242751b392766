/** A key goes over an encrypted connection, or does not leave the machine. */
export function isSafeForKeys(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(localhost|\[::1\]|127(\.[0-9]{1,3}){3})$/.test(hostname);
}

/** A path below the base, which may have one of its own. */
export function under(base: string, path: string): URL {
  return new URL(`${base.replace(/\/+$/, '')}${path}`);
}
