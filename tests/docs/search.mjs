// Runs the search of a built site, its own script and its own index, without a browser.
//   node search.mjs SITE [QUERY]
// Prints the page, name, anchor and description of each result; without a query, of each target.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";

const [site, query] = process.argv.slice(2);
const page = createContext({
  document: { getElementById: () => null },
  SPHINX_HIGHLIGHT_ENABLED: false,
  _: (text) => text,
  _ready: () => {},
});
page.window = page;
for (const script of ["_static/searchtools.js", "_static/language_data.js", "searchindex.js"])
  runInContext(readFileSync(join(site, script), "utf8"), page, { filename: script });
page.query = query;
const results = runInContext(
  query === undefined
    ? 'Search.performObjectSearch("", new Set())' // every name contains ""
    : "Search._performSearch(...Search._parseQuery(query)).reverse()", // the best comes last
  page,
);
console.log(JSON.stringify(results.map((result) => result.slice(0, 4))));
