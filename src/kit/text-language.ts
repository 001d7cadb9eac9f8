/** Frequent little words of each language that its neighbours do not have, or have less; ISO 639-1. */
const WORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  `en: the you and what are have was this that with not is it
  de: ich nicht du das ist die und sie was wir der ein zu
  nl: ik niet je het een van dat is wat we ze hij naar
  sv: jag inte och är du det att vad på för har den som
  da: hvad mig dig af nej noget hvorfor blev efter ud nu jeg ikke havde sagde skal jer gøre være
  no: hva meg deg av nei noe hvorfor ble etter ut nå jeg ikke hadde sa skal dere gjøre være
  fi: en ei se on että mitä minä sinä hän olen niin mutta ole kun sen sitä nyt vain hyvä tämä minun ja oli
  fr: je pas vous est les que ne dans nous tu une c'est elle
  es: que el no los está para una por pero muy yo qué del
  pt: não que você uma para eu está isso com ele um do mas
  it: non che di il sono per una è mi cosa ho della hai
  ro: nu să ce este pe mai un că în am și asta
  pl: nie że co się jest to jak mnie tak czy mam na
  cs: jsem jsi jsme jste není když mě být ještě proč něco tady co jak ten že už
  sk: som sme ste nie keď ma byť ešte prečo niečo tu čo ako ten že už aby
  hu: nem hogy az egy ez van mi meg csak és de itt
  tr: bir bu ne ve için çok ben değil mi sen var da ama daha gibi yok evet hayır tamam seni beni o mı onu
  vi: tôi không là có anh và của đã em người chúng cho
  ru: что не это как ты меня я он мы если уже только
  uk: що не це як ти мене я він ми якщо вже тільки
  bg: това съм ще какво няма той аз беше защо нещо това как тук сега добре си`
    .split('\n')
    .map((line) => {
      const [code = '', words = ''] = line.trim().split(': ');
      return [code, new Set(words.split(' '))];
    }),
);
/** What the trigrams of `franc-min` know of these, by its ISO 639-3. */
const KNOWN: Readonly<Record<string, string>> = {
  ...{ en: 'eng', de: 'deu', nl: 'nld', sv: 'swe', fr: 'fra', es: 'spa', pt: 'por', it: 'ita', ro: 'ron' },
  ...{ pl: 'pol', cs: 'ces', hu: 'hun', tr: 'tur', vi: 'vie', ru: 'rus', uk: 'ukr', bg: 'bul' },
};
/** Scripts that one language is written in. Kana before Han, which Japanese has too. */
const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['ja', /[\p{scx=Hiragana}\p{scx=Katakana}]/gu],
  ['zh', /\p{scx=Han}/gu],
  ['ko', /\p{scx=Hangul}/gu],
  ['th', /\p{scx=Thai}/gu],
  ['el', /\p{scx=Greek}/gu],
  ['he', /\p{scx=Hebrew}/gu],
];
/** Some minutes of a film; more takes time and tells no more. */
const MOST_CHARS = 6000;
const LEAST_LETTERS = 60;
const LEAST_WORDS = 30;
/** Of all words those of the list, and how many more than of the next. */
const LEAST_SHARE = 0.1;
const LEAST_LEAD = 1.25;
/** As `franc` measures it, 1 for its likeliest. */
const LEAST_LIKELY = 0.9;

/**
 * The language of what people say in it (ISO 639-1); null where the text is too short or the language not sure: by its script, else by its
 * little words, which the trigrams must not contradict. No language of the Balkans between Slovenia and Serbia is told from its neighbours.
 */
export async function languageOfText(text: string): Promise<string | null> {
  const sample = text.slice(0, MOST_CHARS).normalize('NFC').toLowerCase();
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  if (letters < LEAST_LETTERS) return null;
  const written = SCRIPTS.find(([code, script]) => {
    const share = (sample.match(script)?.length ?? 0) / letters;
    return share > (code === 'ja' ? 0.1 : 0.6);
  });
  if (written !== undefined) return written[0];
  // Serbian and Macedonian, which have the little words of Bulgarian.
  if (/[јљњћђџѓќ]/u.test(sample)) return null;
  return (await import('franc-min')).francAll(sample)[0]?.[0] === 'arb' ? 'ar' : byWords(sample);
}

async function byWords(sample: string): Promise<string | null> {
  const words = sample.match(/[\p{L}\p{M}]+/gu) ?? [];
  if (words.length < LEAST_WORDS) return null;
  const shares = [...WORDS]
    .map(([code, own]) => ({ code, share: words.filter((word) => own.has(word)).length / words.length }))
    .toSorted((a, b) => b.share - a.share);
  const [first, second] = shares;
  if (first === undefined || second === undefined) return null;
  if (first.share < LEAST_SHARE || first.share < LEAST_LEAD * second.share) return null;
  const known = KNOWN[first.code];
  if (known === undefined) return first.code;
  const { francAll } = await import('franc-min');
  const likely = francAll(sample).find(([code]) => code === known)?.[1] ?? 0;
  return likely >= LEAST_LIKELY ? first.code : null;
}
