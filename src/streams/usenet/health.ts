import type { ReleaseHealth, UsenetSpec } from './engine.ts';
import type { ArticlesOf, StatAnswer } from './providers/articles-of.ts';

/** Criterion 45: a share of the articles, and of a small release all; never more, as providers count STATs too. */
const [SAMPLE_SHARE, MIN_SAMPLE, MAX_SAMPLE] = [0.05, 40, 1000];
/** So many lacking tell how much is lacking; more questions change little. */
const ENOUGH_MISSING = 12;
/** More than half lacks: par2 cannot mend that, and nobody posts so much. */
const GONE_BELOW = 0.5;

/** Asks providers for a sample of the articles: the first and the last of every file with videos or archives in it, the rest spread evenly. */
export async function healthOf(
  spec: UsenetSpec,
  articles: ArticlesOf,
  signal: AbortSignal,
): Promise<ReleaseHealth> {
  const files = spec.nzb.files.filter(({ subject }) => !/\.par2\b/i.test(subject));
  const listedIds = files.map(({ segments }) => segments.map(({ id }) => id));
  // What viewers met with is counted, whether the sample meets it or not; last, as enough of it would end the questions.
  const known = listedIds.flatMap((ids) =>
    ids.filter((id) => articles.isMissing(id) || articles.isDamaged(id)),
  );
  const ids = [...new Set([...sampleOf(listedIds), ...known.slice(0, ENOUGH_MISSING)])];
  const listed = files.reduce((sum, { segments }) => sum + segments.length, 0);
  const lacking = files.reduce((sum, { missing }) => sum + missing.length, 0);
  let [asked, there] = [0, 0];
  const onAnswer = ({ id, isThere }: StatAnswer) => {
    if (isThere !== null) asked += 1;
    // A server that has it may have it wrong.
    if (isThere === true && !articles.isDamaged(id)) there += 1;
    return asked - there >= ENOUGH_MISSING ? 'stop' : 'go-on';
  };
  await articles.stat(ids, signal, onAnswer);
  const share = asked === 0 ? 0 : there / asked;
  const completeness = listed === 0 ? 0 : (share * listed) / (listed + lacking);
  return { asked, there, completeness, verdict: verdictOf(asked, completeness) };
}

function verdictOf(asked: number, completeness: number): ReleaseHealth['verdict'] {
  if (asked === 0) return 'unknown';
  if (completeness === 1) return 'complete';
  return completeness < GONE_BELOW ? 'gone' : 'damaged';
}

/** In an order in which each stretch of it is spread over the whole release: a verdict that is fixed early ends the questions. */
export function sampleOf(files: readonly (readonly string[])[]): string[] {
  const all = files.flat();
  if (all.length <= MIN_SAMPLE) return [...new Set(all)];
  const ends = files.flatMap((ids) => [ids[0], ids.at(-1)].filter((id) => id !== undefined));
  const count = Math.min(MAX_SAMPLE, Math.max(MIN_SAMPLE, Math.ceil(all.length * SAMPLE_SHARE)));
  // The golden ratio's multiples lie evenly however many of them are taken.
  const spread = Array.from({ length: count }, (_, n) => all[Math.floor(((n * 0.618034) % 1) * all.length)]);
  return [...new Set([...ends.slice(0, MAX_SAMPLE), ...spread])].filter((id) => id !== undefined);
}
