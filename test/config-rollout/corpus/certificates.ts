import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodePlaces } from '../../../domain/config-document/render/places.ts';
import { stubCertificate } from '../../../providers/config-check/stub-certificate.ts';
import type { CertificateNames } from './shop.ts';

const folder = nodePlaces.certificates;

/** What the nodes of a test keep where documents look for it, under names of its own; `remove` leaves nothing. */
export function keepCertificates(): { readonly names: CertificateNames; remove(): void } {
  const isOurs = !existsSync(folder);
  mkdirSync(folder, { recursive: true });
  const of = (name: string): string => `holdfast-corpus-${process.pid}-${name}`;
  const names = {
    good: of('good'),
    wrongKey: of('wrong-key'),
    broken: of('broken'),
    absent: of('absent'),
  };
  const whole = stubCertificate();
  const texts = {
    [names.good]: whole,
    [names.wrongKey]: `${partsOf(whole).certificate}${partsOf(stubCertificate()).key}`,
    [names.broken]: whole.slice(0, 200),
  };
  const paths = Object.entries(texts).map(([name, text]) => {
    const path = join(folder, `${name}.pem`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  });
  return {
    names,
    remove() {
      for (const path of paths) rmSync(path, { force: true });
      if (isOurs) rmdirSync(folder);
    },
  };
}

function partsOf(pem: string): { readonly certificate: string; readonly key: string } {
  const at = pem.indexOf('-----BEGIN PRIVATE KEY-----');
  return { certificate: pem.slice(0, at), key: pem.slice(at) };
}
