/** The part of the global that we use; TypeScript knows it only together with the browser. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

/** What `moduleOf` exports. */
export interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  run(...parameters: number[]): void;
}

export const pageBytes = 65_536;

export function wasmInstance(bytes: Uint8Array): WasmExports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as WasmExports;
}
