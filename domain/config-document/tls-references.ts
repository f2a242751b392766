import type { ConfigDocument } from '../../contracts/config-document.ts';

export interface TlsReferences {
  readonly certificates: readonly string[];
  readonly authorities: readonly string[];
}

/** What every node must keep for a document: each name once, sorted. */
export function tlsReferences({ frontends, backends }: ConfigDocument): TlsReferences {
  const binds = frontends.flatMap((frontend) => frontend.binds);
  const servers = backends.flatMap((backend) => backend.servers ?? []);
  return {
    certificates: unique(binds.flatMap(({ tls }) => tls?.certificates ?? [])),
    authorities: unique([
      ...binds.flatMap(({ tls }) => tls?.clientAuthority ?? []),
      ...servers.flatMap(({ tls }) => tls?.authority ?? []),
    ]),
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
