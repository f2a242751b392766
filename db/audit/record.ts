import { hash, randomBytes, randomUUID } from 'node:crypto';
import { entryBytes, personalDigest, wellFormed } from '../../domain/audit/entry.ts';
import { isProgram, personMark } from '../../domain/audit/person.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { AuditEntry } from '../audit.ts';
import { currentActor } from './acting.ts';

/** An entry as it is stored: its time and id are chosen here, so that what is hashed is what is stored. */
export interface AuditRecord {
  readonly id: string;
  readonly project: string;
  readonly operationId: string | null;
  readonly bytes: Uint8Array;
  /** Both null when nothing is kept apart. */
  readonly salt: Uint8Array | null;
  readonly personal: Uint8Array | null;
}

export function sha256(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer');
}

export function recordOf(entry: AuditEntry): AuditRecord {
  const now = Date.now();
  const { project, principal, action, subject, operationId, detail } = entry;
  const apart = personalOf(entry);
  const by = currentActor();
  const id = entryId(now);
  const bytes = entryBytes({
    v: 2,
    id,
    project,
    at: new Date(now).toISOString(),
    principal: isProgram(principal) ? principal : personMark,
    action,
    subject: entry.isAboutPerson ? personMark : subject,
    operation: operationId,
    detail,
    ...(by === undefined ? {} : { by }),
    ...(apart === null ? {} : { personal: personalDigest(sha256, apart.salt, apart.personal) }),
  });
  return { id, project, operationId, bytes, salt: apart?.salt ?? null, personal: apart?.personal ?? null };
}

function personalOf(entry: AuditEntry): { salt: Uint8Array; personal: Uint8Array } | null {
  const { principal, subject, isAboutPerson = false } = entry;
  const names = {
    principal: isProgram(principal) ? null : principal,
    subject: isAboutPerson ? subject : null,
  };
  const given = Object.entries({ ...entry.personal, ...names }).filter(([, text]) => text !== null);
  if (given.length === 0) return null;
  return {
    salt: randomBytes(16),
    personal: Buffer.from(canonicalJson(wellFormed(Object.fromEntries(given)))),
  };
}

/** A UUID of version 7: entries of one time lie beside each other in the index. */
function entryId(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
