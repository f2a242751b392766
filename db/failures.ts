/** What went wrong with the database, told from the driver's and the server's codes. */

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
]);
/** Class 08, shutting down, starting up, too many connections. */
const serverCodes = /^(08...|57P0[123]|53300)$/;
const driverMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** The database could not be reached, or went away in the middle: the same call may succeed later. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnectionError);
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && (networkCodes.has(code) || serverCodes.test(code))) return true;
  return driverMessages.test(error.message);
}

/** A value that no column can take: a number out of its range, a character that is no text. */
export function isUnstorable(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && ['22003', '22021', '22P02', '22P05', '22008', '22007'].includes(code);
}

/** The unique constraint or index that refused a row, or null where it failed for another reason. */
export function violatedUnique(error: unknown): string | null {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23505' && typeof constraint === 'string' ? constraint : null;
}

/** Two waited for each other and this one was chosen to give way: all it did is undone, and it may be done again. */
export function isDeadlock(error: unknown): boolean {
  return ((error ?? {}) as { code?: unknown }).code === '40P01';
}
