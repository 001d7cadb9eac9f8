/**
 * The name of a posted file as its subject says it, without folders: what stands in quotes, or a word with an ending before `yEnc`.
 * Null: it says none (obfuscated posts are called by a hash, which is a name too).
 */
export function nameOfSubject(subject: string): string | null {
  const named =
    /"([^"]+)"/.exec(subject)?.[1] ?? subject.split(/[\s"[\]()]+/).find((word) => ENDING.test(word));
  const leaf = named
    ?.split(/[/\\]/)
    .at(-1)
    ?.replace(/\p{Cc}/gu, '')
    .trim();
  return leaf === undefined || leaf === '' || leaf === '.' || leaf === '..' ? null : leaf.slice(0, 1000);
}

const ENDING = /.\.[a-z\d]{2,7}(?:\.\d{3})?$/i;
