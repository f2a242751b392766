import type { ConfigDocument } from '../../contracts/config-document.ts';
import { type Sha256, toHex, toUtf8 } from '../audit/bytes.ts';
import { canonicalJson } from '../canonical-json.ts';

/**
 * The address of a document by its content: SHA-256 over its canonical JSON (RFC 8785), in hexadecimal. Two documents have the same one
 * exactly when they hold the same; it is the ETag of a head and what a proxy proves that it serves. Throws `invalid-input` for what is
 * no I-JSON.
 */
export function revisionOf(sha256: Sha256, document: ConfigDocument): string {
  return toHex(sha256(toUtf8(canonicalJson(document))));
}
