// Says the arithmetic of cells, by the script that the pages run, without a browser.
//   node arithmetic.mjs STEPPER.JS < CELLS
// Reads a list of cells as JSON, and prints a list of what is said of each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { arithmetic } = createRequire(import.meta.url)(process.argv[2]);
const cells = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cells.map(arithmetic)));
