/** Looks secrets up where they are needed; rows and histories hold only the reference. */
export interface Secrets {
  /** The secret behind `env:NAME` or `file:/PATH`. Throws `unavailable` when it is not there (yet): where it is looked for can be mended. */
  read(reference: string): Promise<string>;
}
