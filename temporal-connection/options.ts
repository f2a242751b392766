import { readFileSync } from 'node:fs';
import { OpsError } from '../domain/errors.ts';

/** Files with which a client shows who it is; null: plain text, as to the server of one machine. */
export interface TemporalCredentials {
  /** The authority that the server's certificate is from, PEM; null: the authorities of the system, once there is a certificate or token. */
  readonly serverCa: string | null;
  readonly clientCert: string | null;
  readonly clientKey: string | null;
  /** A JWT for the server's authorizer; read again when it is renewed. */
  readonly tokenFile: string | null;
}

export interface TemporalConnectionOptions {
  readonly address: string;
  readonly tls: false | Tls;
  readonly apiKey?: string;
}

interface Tls {
  readonly serverRootCACertificate?: Buffer;
  readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
}

/** How every client and worker of ours connects. Throws `invalid-input` that names the file which cannot be read. */
export function temporalConnectionOptions(
  address: string,
  credentials: TemporalCredentials,
): TemporalConnectionOptions {
  const { serverCa, clientCert, clientKey, tokenFile } = credentials;
  if ((clientCert === null) !== (clientKey === null)) {
    throw new OpsError(
      'invalid-input',
      'a client certificate for Temporal needs its key, and the key its certificate',
    );
  }
  const isPlain = serverCa === null && clientCert === null && tokenFile === null;
  const tls = {
    ...(serverCa === null ? {} : { serverRootCACertificate: contentOf(serverCa) }),
    ...(clientCert === null || clientKey === null
      ? {}
      : { clientCertPair: { crt: contentOf(clientCert), key: contentOf(clientKey) } }),
  };
  return {
    address,
    tls: isPlain ? false : tls,
    ...(tokenFile === null ? {} : { apiKey: temporalToken(tokenFile) }),
  };
}

/** As above, for the client whose connections live long: it reads the token at each call. */
export function temporalClientOptions(address: string, credentials: TemporalCredentials) {
  const { apiKey, ...options } = temporalConnectionOptions(address, credentials);
  const { tokenFile } = credentials;
  if (apiKey === undefined || tokenFile === null) return options;
  return { ...options, apiKey: () => temporalToken(tokenFile) };
}

export function temporalToken(file: string): string {
  return contentOf(file).toString('utf8').trim();
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new OpsError('invalid-input', `${file}, needed to connect to Temporal, cannot be read (${why})`);
  }
}
