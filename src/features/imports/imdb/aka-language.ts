import { languageOf } from '../../../kit/language.ts';

/** The language a country's posters are in, for countries where that is one. India, Belgium, Switzerland and Canada have several. */
const LANGUAGE_OF_REGION = `AR=es-419 AT=de AU=en BG=bg BR=pt-BR CL=es-419 CN=zh CO=es-419 CZ=cs DE=de DK=da EC=es-419 EE=et EG=ar ES=es
FI=fi FR=fr GB=en GR=el HK=zh-HK HR=hr HU=hu ID=id IE=en IL=he IR=fa IS=is IT=it JP=ja KR=ko LT=lt LV=lv MX=es-419 NL=nl NO=no NZ=en
PE=es-419 PL=pl PT=pt RO=ro RS=sr RU=ru SA=ar SE=sv SI=sl SK=sk SUHH=ru TH=th TR=tr TW=zh-TW UA=uk US=en UY=es-419 VE=es-419 VN=vi
XWG=de XYU=sr CSHH=cs DDDE=de`;
const BY_REGION = new Map(
  LANGUAGE_OF_REGION.split(/\s+/).map((pair): [string, string] => {
    const [region = '', language = ''] = pair.split('=');
    return [region, language];
  }),
);
/** IMDb writes some languages by a code that is no language's, for scripts and regions of one. */
const known = new Map<string, string | null>();
const MAX_KNOWN = 1000;
const NULL = '\\N';

/**
 * The language in which an aka is a title's translation, and how much it is one (1 = as IMDb shows it there); null for a name only:
 * working titles, festival titles, transliterations and the like.
 */
export function akaLanguage(aka: {
  region: string;
  language: string;
  types: string;
  attributes: string;
}): { language: string; preference: number } | null {
  if (aka.attributes !== NULL && aka.attributes !== '') return null;
  const preference = preferenceOf(aka.types);
  if (preference === null) return null;
  const language = aka.language === NULL ? BY_REGION.get(aka.region) : codeOf(aka.language);
  return language === undefined || language === null ? null : { language, preference };
}

function preferenceOf(types: string): number | null {
  if (types === 'imdbDisplay') return 1;
  if (types === NULL) return 2;
  return types === 'dvd' || types === 'video' || types === 'tv' ? 3 : null;
}

function codeOf(language: string): string | null {
  const found = known.get(language);
  if (found !== undefined) return found;
  const code = languageOf(language)?.code ?? null;
  if (known.size < MAX_KNOWN) known.set(language, code);
  return code;
}
