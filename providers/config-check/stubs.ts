import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsReferences } from '../../domain/config-document/tls-references.ts';
import { stubCertificate } from './stub-certificate.ts';

/** What may be the name of a file; the policy refuses any other reference. */
const fileName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;
let stub: string | null = null;

/** Writes a file for each certificate and authority, so that references to them resolve. */
export async function writeStubs(
  folder: string,
  { certificates, authorities }: TlsReferences,
): Promise<void> {
  const names = new Set([...certificates, ...authorities].filter((name) => fileName.test(name)));
  for (const name of names) {
    stub ??= stubCertificate();
    await writeFile(join(folder, `${name}.pem`), stub, { mode: 0o600 });
  }
}
