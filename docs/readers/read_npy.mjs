// Reads the vectors, and compares the scores of attention with line 4.4.  node read_npy.mjs DIR
import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2] ?? ".";
const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));

// A .npy file of version 1.0: its shape, and its numbers row by row.
function readNpy(file) {
  const bytes = readFileSync(join(folder, file));
  if (bytes.toString("latin1", 0, 7) !== "\x93NUMPY\x01") throw new Error(`${file}: not a .npy`);
  const end = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, end);
  const [, type] = header.match(/'descr': '<([fi]8)', 'fortran_order': False/);
  const shape = header.match(/'shape': \(([^)]*)\)/)[1].match(/\d+/g)?.map(Number) ?? [];
  const size = shape.reduce((product, axis) => product * axis, 1);
  const at = (place) => end + 8 * place;
  const entry = (place) =>
    type === "f8" ? bytes.readDoubleLE(at(place)) : Number(bytes.readBigInt64LE(at(place)));
  return { shape, data: Array.from({ length: size }, (_, place) => entry(place)) };
}

// Every array is there, and has its shape.
const lines = index.algorithms.flatMap(({ lines }) => lines);
const values = [
  ...index.algorithms.flatMap((one) => [...one.inputs, ...one.parameters, ...one.hyperparameters]),
  ...lines.flatMap(({ visits }) => visits.flat()),
];
const arrays = values.flatMap(({ arrays }) => arrays);
for (const { file, shape } of arrays)
  if (String(readNpy(file).shape) !== String(shape)) throw new Error(`${file} has another shape`);

// A matrix as rows, a column as its entries, a number as it is.
function nested({ shape: [rows, columns], data }) {
  if (columns === undefined) return rows === undefined ? data[0] : data;
  return Array.from({ length: rows }, (_, i) => data.slice(i * columns, (i + 1) * columns));
}
const transpose = (A) => A[0].map((_, j) => A.map((row) => row[j]));
const dot = (x, y) => x.reduce((sum, entry, i) => sum + entry * y[i], 0);
const product = (A, B) => A.map((row) => transpose(B).map((column) => dot(row, column)));
const affine = (W, X, b) => product(W, X).map((row, i) => row.map((entry) => entry + b[i]));

const attention = index.algorithms.find(({ id }) => id === "4");
const given = {}; // by the last name of the path, or the name of what is one array
for (const { ascii, arrays } of [...attention.inputs, ...attention.parameters])
  for (const { path, file } of arrays) given[path.at(-1) ?? ascii] = nested(readNpy(file));
const Q = affine(given.W_q, given.X, given.b_q); // 4.1
const K = affine(given.W_k, given.Z, given.b_k); // 4.2
const S = product(transpose(K), Q); // 4.4
const [[{ arrays: [stored] }]] = attention.lines.find(({ number }) => number === 4).visits;
const exact = nested(readNpy(stored.file));
const off = Math.max(...S.flatMap((row, i) => row.map((own, j) => Math.abs(own - exact[i][j]))));
const most = stored.float64_within + stored.stored_within;
const [error, bound] = [off, most].map((number) => number.toPrecision(2));
console.log(`${arrays.length} arrays; 4.4: ${error} off, ${bound} allowed`);
process.exitCode = off <= most ? 0 : 1; // NaN is not
