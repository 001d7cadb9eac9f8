import { namedBy } from '../listed-name.ts';
import type { ListedEntry } from '../lister.ts';
import type { ListedLine } from './listing-line.ts';

/** Followed in one folder: each is asked for by a question of its own, or two. */
export const MAX_LINKS = 10_000;
/** How `ls -l` begins a line, whatever else it says; what does not is no line of a listing. */
const MODE = /^[-a-z?][-rwxsStTlL?]{9}/;

/** Makes entries of the lines of one listing. */
export class EntryReader {
  readonly #read: (line: string) => ListedLine | null | 'refused';
  readonly #onRefused: () => void;
  /** Told once the next line shows that its name is whole. */
  #last: ListedEntry | null = null;
  /** In bytes; one more than are followed tells that there are more. */
  readonly links: string[] = [];

  constructor(read: (line: string) => ListedLine | null | 'refused', onRefused: () => void) {
    this.#read = read;
    this.#onRefused = onRefused;
  }

  take(batch: readonly string[]): ListedEntry[] {
    const entries: ListedEntry[] = [];
    for (const text of batch) {
      const line = text === '' ? null : this.#read(text);
      // The second half of a name with a line end in it: then there is no file of the first half either.
      const isHalf = line === 'refused' && !MODE.test(text);
      if (this.#last !== null && !isHalf) entries.push(this.#last);
      this.#last = null;
      if (line === 'refused') this.#onRefused();
      else if (line !== null) this.#add(line);
    }
    return entries;
  }

  /** What was held back. */
  end(): ListedEntry[] {
    return this.#last === null ? [] : [this.#last];
  }

  #add({ kind, name, sizeBytes, modifiedAt }: ListedLine): void {
    const named = namedBy(Buffer.from(name, 'latin1'));
    if (named === null) this.#onRefused();
    else if (kind === 'link') this.#addLink(name);
    else this.#last = { kind, ...named, sizeBytes, modifiedAt };
  }

  #addLink(name: string): void {
    if (this.links.length <= MAX_LINKS) this.links.push(name);
  }
}
