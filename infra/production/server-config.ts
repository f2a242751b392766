import { freePort } from '../net/ports.ts';

export interface FrontendFiles {
  readonly serverCert: string;
  readonly serverKey: string;
  /** Authority of client certificates. */
  readonly clientCa: string;
}

/**
 * The configuration of a production Temporal server whose frontend asks for a client certificate and for a JWT. Its own worker goes
 * through the internal frontend, which listens beside the other inner services and must not be reachable from outside. In memory
 * here; with PostgreSQL only `persistence` differs.
 */
export async function serverConfig(
  files: FrontendFiles,
  keysUrl: string,
): Promise<{ text: string; address: string }> {
  const services = ['frontend', 'internal-frontend', 'history', 'matching', 'worker'];
  const ports = new Map<string, [number, number]>();
  for (const name of services) ports.set(name, [await freePort(), await freePort()]);
  const frontend = ports.get('frontend')?.[0] ?? 0;
  const rpc = Object.fromEntries(
    [...ports].map(([name, [grpcPort, membershipPort]]) => [
      name,
      { rpc: { grpcPort, membershipPort, bindOnLocalHost: true } },
    ]),
  );
  const config = {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: 1,
      datastores: { default: inMemory(), visibility: inMemory() },
    },
    global: {
      membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' },
      tls: {
        frontend: {
          server: {
            certFile: files.serverCert,
            keyFile: files.serverKey,
            requireClientAuth: true,
            clientCaFiles: [files.clientCa],
          },
          client: { serverName: 'localhost', rootCaFiles: [files.clientCa] },
        },
      },
      authorization: {
        jwtKeyProvider: { keySourceURIs: [keysUrl], refreshInterval: '1m' },
        permissionsClaimName: 'permissions',
        authorizer: 'default',
        claimMapper: 'default',
        audience: 'temporal',
      },
    },
    services: rpc,
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${frontend}`,
        },
      },
    },
  };
  // JSON is YAML.
  return { text: JSON.stringify(config, null, 2), address: `127.0.0.1:${frontend}` };
}

function inMemory(): object {
  return {
    sql: {
      pluginName: 'sqlite',
      databaseName: 'default',
      connectAddr: 'localhost',
      connectProtocol: 'tcp',
      connectAttributes: { mode: 'memory', cache: 'private' },
      maxConns: 1,
      maxIdleConns: 1,
    },
  };
}
