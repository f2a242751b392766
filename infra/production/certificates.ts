import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Authority {
  readonly cert: string;
  readonly key: string;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority of one's own, valid for a day: for a trial, never for production. Needs `openssl`. */
export async function makeAuthority(folder: string, name: string): Promise<Authority> {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  await openssl('req', '-x509', ...newKey(key), '-out', cert, '-days', '1', '-subj', `/CN=${name}`);
  return { cert, key };
}

/** A certificate for `localhost` and 127.0.0.1 that the authority has signed. */
export async function makeCertificate(folder: string, name: string, by: Authority): Promise<Certificate> {
  const [cert, key, request, extra] = ['pem', 'key', 'csr', 'ext'].map((end) =>
    join(folder, `${name}.${end}`),
  ) as [string, string, string, string];
  await writeFile(extra, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  await openssl('req', ...newKey(key), '-out', request, '-subj', `/CN=${name}`);
  const authority = ['-CA', by.cert, '-CAkey', by.key, '-CAcreateserial'];
  await openssl('x509', '-req', '-in', request, ...authority, '-out', cert, '-days', '1', '-extfile', extra);
  return { cert, key };
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];
}

async function openssl(...args: string[]): Promise<void> {
  await promisify(execFile)('openssl', args);
}
