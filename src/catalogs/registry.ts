import type { Db } from "../platform/db.ts";
import type { Catalog } from "./catalog.ts";
import { curated } from "./curated/index.ts";
import { popular } from "./popular/index.ts";
import { curatedLists } from "./queries.ts";
import { recent } from "./recent/index.ts";
import { search } from "./search/index.ts";

/** One line a catalogue, in the order of the board. */
const catalogs: readonly Catalog[] = [popular, recent, search];

/** Every catalogue of this moment: the fixed ones and the system lists of the database. */
export async function allCatalogs(db: Db): Promise<readonly Catalog[]> {
	const lists = await curatedLists(db);
	return [...lists.map(curated), ...catalogs];
}
