export type Language = {
  /** ISO 639-1 where it exists, else 639-2; with a region only where it is a language of its own for viewers: `pt-BR`, `es-419`, `zh-TW`. */
  code: string;
  /** Three letters as Stremio's clients look them up: terminological, but `fre`, `ger`, and `pob` for Brazil (stremio-web `languageNames.json`). */
  iso6392: string;
  /** English name. */
  name: string;
};

/** All 184 two-letter codes: `639-1:639-2/T`, and `:639-2/B` where it differs (ISO 639-2 registry). */
const ISO_639 = `aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel
bg:bul bh:bih bi:bis bm:bam bn:ben bo:bod:tib br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces:cze cu:chu
cv:chv cy:cym:wel da:dan de:deu:ger dv:div dz:dzo ee:ewe el:ell:gre en:eng eo:epo es:spa et:est eu:eus:baq fa:fas:per
ff:ful fi:fin fj:fij fo:fao fr:fra:fre fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin ho:hmo
hr:hrv ht:hat hu:hun hy:hye:arm hz:her ia:ina id:ind ie:ile ig:ibo ii:iii ik:ipk io:ido is:isl:ice it:ita iu:iku
ja:jpn jv:jav ka:kat:geo kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor kr:kau ks:kas ku:kur kv:kom kw:cor
ky:kir la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah mi:mri:mao mk:mkd:mac ml:mal
mn:mon mr:mar ms:msa:may mt:mlt my:mya:bur na:nau nb:nob nd:nde ne:nep ng:ndo nl:nld:dut nn:nno no:nor nr:nbl nv:nav
ny:nya oc:oci oj:oji om:orm or:ori os:oss pa:pan pi:pli pl:pol ps:pus pt:por qu:que rm:roh rn:run ro:ron:rum ru:rus
rw:kin sa:san sc:srd sd:snd se:sme sg:sag si:sin sk:slk:slo sl:slv sm:smo sn:sna so:som sq:sqi:alb sr:srp ss:ssw
st:sot su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat
tw:twi ty:tah ug:uig uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha zh:zho:chi
zu:zul`;

/** Languages without two letters that releases and subtitles do use. */
const THREE_LETTERS = ['ast', 'gsw', 'haw', 'nds'];

/** Spellings that are neither a code nor the English or own name of a language. */
const ALIASES = `brazilian=pt-BR portuguese-brazil=pt-BR ptbr=pt-BR pob=pt-BR dublado=pt-BR legendado=pt-BR
latino=es-419 latam=es-419 spanish-latin-america=es-419 spanish-latin=es-419 spl=es-419 castellano=es castilian=es esp=es
cht=zh-TW zht=zh-TW chinese-traditional=zh-TW traditional-chinese=zh-TW chs=zh zhs=zh chinese-simplified=zh
simplified-chinese=zh cmn=zh mandarin=zh cantonese=zh-HK yue=zh-HK jap=ja jp=ja cz=cs dk=da gr=el ua=uk farsi=fa
flemish=nl vff=fr vfq=fr-CA vf=fr truefrench=fr scc=sr scr=hr moldavian=ro serbo-croatian=sr slovene=sl in=id iw=he
ji=yi tagalog=tl filipino=tl fil=tl oriya=or`;

/** Regional tags that stay apart; every other region is dropped (`en-GB` = `en`). */
const VARIANTS = new Map<string, string>([
  ['pt-br', 'pt-BR'],
  ['es-419', 'es-419'],
  ...['mx', 'la', 'ar', 'co', 'cl', 'pe', 've'].map((region): [string, string] => [`es-${region}`, 'es-419']),
  ...['tw', 'hant', 'hant-tw'].map((region): [string, string] => [`zh-${region}`, 'zh-TW']),
  ...['hk', 'hant-hk', 'yue'].map((region): [string, string] => [`zh-${region}`, 'zh-HK']),
  ['fr-ca', 'fr-CA'],
]);

/** Stremio's own choices where they differ from the terminological code. */
const STREMIO_CODES = new Map([
  ['fr', 'fre'],
  ['fr-CA', 'fre'],
  ['de', 'ger'],
  ['pt-BR', 'pob'],
]);

/** Own names are asked of Intl for these only: building all 184 name tables costs tens of milliseconds. */
const COMMON = `ar bg bn ca cs da de el en es et eu fa fi fr gl he hi hr hu id is it ja ko lt lv ms nl no pl pt ro ru sk sl sr
sv ta te th tr uk ur vi zh`;

let tables: {
  codes: Map<string, string>;
  threeLetters: Map<string, string>;
  names: Intl.DisplayNames;
} | null = null;

/** By canonical code, of which there are some two hundred; asking Intl for a name each time takes microseconds. */
const languages = new Map<string, Language>();

/** What `fold` leaves as it is. */
const SIMPLE_KEY = /^[a-z]+$/;

/** Reads a 639-1, 639-2 (both kinds) or BCP 47 code, or a language's English or own name; null when it is none ("multi audio"). */
export function languageOf(code: string): Language | null {
  if (code.length > 64) return null;
  tables ??= buildTables();
  const { codes, threeLetters, names } = tables;
  const key = SIMPLE_KEY.test(code) ? code : fold(code);
  const whole = VARIANTS.get(key) ?? codes.get(key);
  const canonical = whole ?? baseOf(key, codes);
  if (canonical === undefined) return null;
  const known = languages.get(canonical);
  if (known !== undefined) return known;
  const base = canonical.split('-')[0] ?? canonical;
  const language = {
    code: canonical,
    iso6392: STREMIO_CODES.get(canonical) ?? threeLetters.get(base) ?? base,
    name: names.of(canonical) ?? canonical,
  };
  languages.set(canonical, language);
  return language;
}

/** `en-US` → `en`; only for a BCP 47 region or script, so that "no-subs" is not Norwegian. */
function baseOf(key: string, codes: ReadonlyMap<string, string>): string | undefined {
  const [, language, region] =
    /^([a-z]{2,3})-(?:[a-z]{4}-)?([a-z]{2}|\d{3}|latn|cyrl|hans|hant)$/.exec(key) ?? [];
  if (language === undefined) return undefined;
  return VARIANTS.get(`${language}-${region}`) ?? codes.get(language);
}

function fold(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .replace(/[\s_.]+/g, '-')
    .replace(/[()[\]]/g, '');
}

function buildTables() {
  const names = new Intl.DisplayNames(['en'], { type: 'language' });
  const nameOf = (code: string) => names.of(code) ?? code;
  const codes = new Map<string, string>();
  const threeLetters = new Map<string, string>();
  for (const entry of ISO_639.split(/\s+/)) {
    const [code = '', terminological = '', bibliographic = code] = entry.split(':');
    threeLetters.set(code, terminological);
    for (const spelling of [nameOf(code), code, terminological, bibliographic])
      codes.set(fold(spelling), code);
  }
  for (const code of THREE_LETTERS) {
    codes.set(code, code);
    codes.set(fold(nameOf(code)), code);
  }
  for (const code of COMMON.split(/\s+/)) {
    const own = new Intl.DisplayNames([code], { type: 'language' }).of(code);
    if (own !== undefined) codes.set(fold(own), code);
  }
  for (const code of VARIANTS.values()) codes.set(fold(nameOf(code)), code);
  for (const alias of ALIASES.split(/\s+/)) {
    const [spelling = '', code = ''] = alias.split('=');
    codes.set(spelling, code);
  }
  return { codes, threeLetters, names };
}

/** The languages a text may be shown in, best first: `pt-BR` as asked, as we spell it, then `pt`. */
export function languageChain(language: string): string[] {
  const base = language.split('-')[0] ?? language;
  return [...new Set([language, languageOf(language)?.code ?? language, base])];
}
