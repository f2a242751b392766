/** What is wrong with a part of a document, and what to write instead. */
export interface ConfigProblem {
  /** JSON pointer (RFC 6901) into the document. */
  readonly pointer: string;
  readonly detail: string;
}

export function problem(pointer: string, detail: string): ConfigProblem {
  return { pointer, detail };
}

/** A problem when `isWrong` holds, else none. */
export function problemIf(isWrong: boolean, pointer: string, detail: string): ConfigProblem[] {
  return isWrong ? [{ pointer, detail }] : [];
}
