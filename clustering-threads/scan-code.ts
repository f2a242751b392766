import {
  add,
  addIntegers,
  type Code,
  constant,
  get,
  i32,
  integerLane,
  isLess,
  load,
  loadBytesAsShorts,
  loop,
  moduleOf,
  multiplyShorts,
  set,
  storeInteger,
  v128,
  zeros,
} from './wasm-code.ts';

/** Values a step takes of a row: rows are padded with zeros to a multiple of it. */
export const bytesPerStep = 32;

const parameters = { query: 0, row: 1, end: 2, stride: 3, out: 4 } as const;
const own = { at: 5, queryAt: 6, rowEnd: 7, even: 8, odd: 9 } as const;

/**
 * `run(query, row, end, stride, out)`, all in bytes: the product of the query (16-bit integers) with each row of 8-bit integers in
 * [row, end), as 32-bit integers. Whole numbers: nothing is rounded, and one byte a value is all that goes through memory.
 */
export function scanModule(): Uint8Array<ArrayBuffer> {
  const isRowOver = [...get(own.at), ...get(own.rowEnd), ...isLess];
  const everyRow = loop(
    [
      ...[zeros, set(own.even), zeros, set(own.odd), get(parameters.query), set(own.queryAt)].flat(),
      ...[
        get(parameters.row),
        set(own.at),
        get(parameters.row),
        get(parameters.stride),
        add,
        set(own.rowEnd),
      ].flat(),
      ...loop(step(), isRowOver),
      ...get(parameters.out),
      ...sumOfLanes(),
      ...storeInteger,
      ...advance(parameters.out, constant(4)),
      ...advance(parameters.row, get(parameters.stride)),
    ],
    [...get(parameters.row), ...get(parameters.end), ...isLess],
  );
  return moduleOf(
    5,
    [
      [3, i32],
      [2, v128],
    ],
    everyRow,
  );
}

function step(): Code {
  const quarters = [0, 1, 2, 3].flatMap((quarter) => {
    const sum = quarter % 2 === 0 ? own.even : own.odd;
    const row = [...get(own.at), ...loadBytesAsShorts(8 * quarter)];
    const query = [...get(own.queryAt), ...load(16 * quarter)];
    return [...row, ...query, ...multiplyShorts, ...get(sum), ...addIntegers, ...set(sum)];
  });
  return [
    ...quarters,
    ...advance(own.at, constant(bytesPerStep)),
    ...advance(own.queryAt, constant(2 * bytesPerStep)),
  ];
}

function sumOfLanes(): Code {
  const both = [...get(own.even), ...get(own.odd), ...addIntegers, ...set(own.even)];
  const lanes = [0, 1, 2, 3].flatMap((index) => [
    ...get(own.even),
    ...integerLane(index),
    ...(index === 0 ? [] : add),
  ]);
  return [...both, ...lanes];
}

function advance(local: number, by: Code): Code {
  return [...get(local), ...by, ...add, ...set(local)];
}
