import {
  add,
  addFloats,
  addLanes,
  type Code,
  constant,
  get,
  i32,
  isLess,
  lane,
  load,
  loop,
  moduleOf,
  multiply,
  multiplyLanes,
  set,
  storeFloat,
  v128,
  zeros,
} from './wasm-code.ts';

/** Rows of the left and of the right side that are multiplied at once: their 8 sums stay in registers. */
export const leftRows = 4;
export const rightRows = 2;
/** Floats a step takes of each row: rows are padded with zeros to a multiple of it. */
export const floatsPerStep = 16;

const parameters = { left: 0, leftEnd: 1, right: 2, rightEnd: 3, stride: 4, out: 5, outStride: 6 } as const;
const own = { a: 7, b: 11, out: 13, step: 14, rowOut: 15 } as const;
const firstLanes = 16;
const sum = (row: number, column: number) => firstLanes + rightRows * row + column;
const loaded = (row: number) => firstLanes + leftRows * rightRows + row;
const rightLoaded = firstLanes + leftRows * rightRows + leftRows;

/**
 * `run(left, leftEnd, right, rightEnd, stride, out, outStride)`, all in bytes: every dot product of a row in [left, leftEnd) with a row
 * in [right, rightEnd). Written out as code because a binary in the repository could not be read.
 */
export function dotModule(): Uint8Array<ArrayBuffer> {
  const overLeft = loop(
    [
      ...get(parameters.out),
      ...set(own.rowOut),
      ...rightPointers(get(parameters.right)),
      ...loop(block(), [...get(own.b), ...get(parameters.rightEnd), ...isLess]),
      ...advance(parameters.out, [...get(parameters.outStride), ...constant(leftRows), ...multiply]),
      ...leftPointers([...get(own.a), ...rowsOf(leftRows)]),
    ],
    [...get(own.a), ...get(parameters.leftEnd), ...isLess],
  );
  const lanes = leftRows * rightRows + leftRows + 1;
  return moduleOf(
    7,
    [
      [9, i32],
      [lanes, v128],
    ],
    [...leftPointers(get(parameters.left)), ...overLeft],
  );
}

/** The dot products of 4 rows with 2, then on to the next 2. The pointers go through the rows and are at the next ones after it. */
function block(): Code {
  return [
    ...each(leftRows * rightRows, (index) => [...zeros, ...set(firstLanes + index)]),
    ...constant(0),
    ...set(own.step),
    ...loop(step(), [...get(own.step), ...get(parameters.stride), ...isLess]),
    ...each(leftRows, storeRow),
    ...advance(own.rowOut, constant(4 * rightRows)),
    ...leftPointers([...get(own.a), ...rowsOf(-1)]),
    ...rightPointers([...get(own.b), ...rowsOf(1)]),
  ];
}

function step(): Code {
  const quarters = each(floatsPerStep / 4, (quarter) => [
    ...each(leftRows, (row) => [...get(own.a + row), ...load(16 * quarter), ...set(loaded(row))]),
    ...each(rightRows, (column) => [
      ...get(own.b + column),
      ...load(16 * quarter),
      ...set(rightLoaded),
      ...each(leftRows, (row) => [...accumulate(row, column), ...set(sum(row, column))]),
    ]),
  ]);
  const pointers = [
    ...each(leftRows, (row) => [own.a + row]),
    ...each(rightRows, (column) => [own.b + column]),
  ];
  return [
    ...quarters,
    ...[...pointers, own.step].flatMap((local) => advance(local, constant(4 * floatsPerStep))),
  ];
}

function accumulate(row: number, column: number): Code {
  return [...get(loaded(row)), ...get(rightLoaded), ...multiplyLanes, ...get(sum(row, column)), ...addLanes];
}

function storeRow(row: number): Code {
  return each(rightRows, (column) => [
    ...get(own.rowOut),
    ...get(parameters.outStride),
    ...constant(row),
    ...multiply,
    ...add,
    ...each(4, (index) => [...get(sum(row, column)), ...lane(index), ...(index === 0 ? [] : addFloats)]),
    ...storeFloat(4 * column),
  ]);
}

function leftPointers(first: Code): Code {
  return [...first, ...set(own.a), ...each(leftRows - 1, (row) => follow(own.a + row + 1, own.a + row))];
}

function rightPointers(first: Code): Code {
  return [
    ...first,
    ...set(own.b),
    ...each(rightRows - 1, (column) => follow(own.b + column + 1, own.b + column)),
  ];
}

function follow(local: number, before: number): Code {
  return [...get(before), ...get(parameters.stride), ...add, ...set(local)];
}

function rowsOf(count: number): Code {
  return [...get(parameters.stride), ...constant(count), ...multiply, ...add];
}

function advance(local: number, by: Code): Code {
  return [...get(local), ...by, ...add, ...set(local)];
}

function each(count: number, code: (index: number) => Code): number[] {
  return Array.from({ length: count }, (_, index) => code(index)).flat();
}
