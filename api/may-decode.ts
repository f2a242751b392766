import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyRequest } from 'fastify';

/** Who may see payloads in clear text. */
export type MayDecode = (request: Pick<FastifyRequest, 'headers'>) => boolean;

export const sessionCookie = 'holdfast_codec';

/**
 * The key of the file: as bearer, in the header `holdfast-codec-key` where `Authorization` says who asks, or, from pages of the
 * Temporal UI, in the cookie of `/codec/login`. The file is read at each request, so another key counts at once. null: nobody.
 */
export function createMayDecode(tokenFile: string | null): MayDecode {
  return ({ headers }) => {
    const expected = tokenFile === null ? '' : tokenOf(tokenFile);
    const stated = headers['holdfast-codec-key'];
    const given =
      typeof stated === 'string' ? stated : (bearerOf(headers.authorization) ?? cookieOf(headers.cookie));
    // A key that is too short is a file that was emptied by mistake.
    if (expected.length < 16 || given === null) return false;
    return timingSafeEqual(digest(given), digest(expected));
  };
}

function tokenOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function bearerOf(header: string | undefined): string | null {
  return /^Bearer +([\x21-\x7e]{1,500})$/i.exec(header ?? '')?.[1] ?? null;
}

function cookieOf(header: string | undefined): string | null {
  const parts = (header ?? '').split(';').map((part) => part.trim());
  const found = parts.find((part) => part.startsWith(`${sessionCookie}=`));
  return found?.slice(sessionCookie.length + 1) ?? null;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
