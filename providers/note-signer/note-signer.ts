/** Signs checkpoints. The key stays where it is: a file now, a key service behind the same three members later. */
export interface NoteSigner {
  /** Name of the key, without spaces and plus signs. */
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}
