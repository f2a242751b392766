/** Bytes of a body that holds a document. */
export const documentLimit = 2 * 1024 * 1024;
