/** How a vendor's service is reached. The key is read at every use, so that a new one needs no restart. */
export interface VendorOptions {
  /** With the path before the vendor's own. */
  readonly url: string;
  readonly model: string;
  readonly dimensions: number;
  /** null: the service asks for none. */
  readonly key: (() => Promise<string>) | null;
  /** Of one request, in milliseconds. */
  readonly limitMs?: number;
}

/** What requests of every vendor tell of themselves. */
export const asked = { what: 'vectors', settings: 'HOLDFAST_EMBEDDING' } as const;
