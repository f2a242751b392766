/** The few words of WebAssembly that our code is written in, as bytes (WebAssembly Core 2.0, section 5). */
export type Code = readonly number[];

export const i32 = 0x7f;
export const v128 = 0x7b;

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const constant = (value: number): Code => [0x41, ...signed(value)];
export const add: Code = [0x6a];
export const multiply: Code = [0x6c];
export const isLess: Code = [0x48];
export const addFloats: Code = [0x92];
export const storeFloat = (offset: number): Code => [0x38, 2, ...unsigned(offset)];
export const load = (offset: number): Code => [...simd(0x00), 4, ...unsigned(offset)];
export const zeros: Code = [...simd(0x0c), ...new Array<number>(16).fill(0)];
export const lane = (index: number): Code => [...simd(0x1f), index];
export const loadBytesAsShorts = (offset: number): Code => [...simd(0x01), 3, ...unsigned(offset)];
/** Products of 8 pairs of 16-bit integers, added by twos into 4 of 32 bits. */
export const multiplyShorts: Code = simd(0xba);
export const addIntegers: Code = simd(0xae);
export const integerLane = (index: number): Code => [...simd(0x1b), index];
export const storeInteger: Code = [0x36, 2, 0];
export const addLanes: Code = simd(0xe4);
export const multiplyLanes: Code = simd(0xe6);

/** Runs the body until `again`, which leaves a number, leaves 0. */
export function loop(body: Code, again: Code): Code {
  return [0x03, 0x40, ...body, ...again, 0x0d, 0, 0x0b];
}

/** A module with a memory of its own and one function, both exported: `memory` and `run`. */
export function moduleOf(
  parameters: number,
  locals: readonly (readonly [number, number])[],
  body: Code,
): Uint8Array<ArrayBuffer> {
  const declared = vector(locals.map(([count, type]) => [...unsigned(count), type]));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[0x60, ...vector(new Array<number[]>(parameters).fill([i32])), 0]])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0, 1]])),
    ...section(
      7,
      vector([
        [...text('memory'), 2, 0],
        [...text('run'), 0, 0],
      ]),
    ),
    ...section(10, vector([sized([...declared, ...body, 0x0b])])),
  ]);
}

function simd(code: number): Code {
  return [0xfd, ...unsigned(code)];
}

function section(id: number, content: Code): Code {
  return [id, ...sized(content)];
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(content: Code): Code {
  return [...unsigned(content.length), ...content];
}

function text(value: string): Code {
  return sized([...value].map((letter) => letter.charCodeAt(0)));
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const isLast = value >= -64 && value < 64;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
