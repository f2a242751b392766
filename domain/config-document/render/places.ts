/** Where a node keeps what a document only refers to, and what the node itself wants in its configuration. */
export interface Places {
  /** Folder of the certificates, each `<name>.pem` with its key. */
  readonly certificates: string;
  /** Folder of the authorities, each `<name>.pem`. */
  readonly authorities: string;
  /** false where names of servers cannot be looked up: HAProxy then starts without their addresses. */
  readonly resolvesNames: boolean;
  /** What stands for the node's own address; null: the node tells it, by `nodeAddressVariable` in the environment of its HAProxy. */
  readonly nodeAddress: string | null;
  /** Path of the socket for commands at run time; null for none. */
  readonly runtimeSocket: string | null;
  /** A private frontend on a socket whose answer is the revision: the proof that it is being served. */
  readonly proof: { readonly socket: string; readonly revision: string } | null;
  readonly shadow: Shadow | null;
}

/** A run beside the real one: on private sockets, backends answer by themselves, and every answer tells which way it went. */
export interface Shadow {
  /** Path of the socket that stands for a bind. */
  bindAt(frontend: string, index: number): string;
  /** Names of request headers that the answers of backends give back. */
  readonly watched: readonly string[];
}

/** Answer headers of a shadow run. */
export const shadowHeaders = {
  route: 'x-holdfast-route',
  backend: 'x-holdfast-backend',
  /** Followed by the name of the request header. */
  seen: 'x-holdfast-seen-',
} as const;

export const nodePlaces: Places = {
  certificates: '/etc/haproxy/certificates',
  authorities: '/etc/haproxy/authorities',
  resolvesNames: true,
  nodeAddress: null,
  runtimeSocket: null,
  proof: null,
  shadow: null,
};
