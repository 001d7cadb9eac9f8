/** `npm run bench [name]`: benchmarks against their yardsticks, one table a run; the result also as JSON (`--json FILE`). Ends with 1 where a row says that its goal is not `met`. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchCatalog } from './bench/catalog.ts';
import { benchFamily } from './bench/family.ts';
import { benchFtp } from './bench/ftp.ts';
import { benchHttp } from './bench/http.ts';
import { benchScan } from './bench/scan.ts';
import { benchStart } from './bench/start.ts';
import { benchTorrent } from './bench/torrent.ts';
import { benchUsenet } from './bench/usenet.ts';

export type BenchRow = Record<string, string | number>;
export type Bench = (options: { quick: boolean }) => Promise<BenchRow[]>;

const BENCHES: Readonly<Record<string, Bench>> = {
  catalog: benchCatalog,
  family: benchFamily,
  ftp: benchFtp,
  http: benchHttp,
  scan: benchScan,
  start: benchStart,
  torrent: benchTorrent,
  usenet: benchUsenet,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
const results: Record<string, BenchRow[]> = {};
for (const name of names) {
  const bench = BENCHES[name];
  if (bench === undefined) {
    console.error(`There is no benchmark ${name}. There are: ${Object.keys(BENCHES).join(', ')}.`);
    process.exit(2);
  }
  console.log(`\n${name}`);
  results[name] = await bench({ quick: values.quick });
  for (const table of tablesOf(results[name])) console.table(table);
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
const isMissed = Object.values(results)
  .flat()
  .some(({ met }) => met === 'no');
process.exit(isMissed ? 1 : 0);

/** A table for rows that tell the same things: one of all rows would be wider than any window. */
function tablesOf(rows: readonly BenchRow[]): BenchRow[][] {
  const tables: { columns: Set<string>; rows: BenchRow[] }[] = [];
  for (const row of rows) {
    const last = tables.at(-1);
    if (last !== undefined && Object.keys(row).every((column) => last.columns.has(column)))
      last.rows.push(row);
    else tables.push({ columns: new Set(Object.keys(row)), rows: [row] });
  }
  return tables.map((table) => table.rows);
}
