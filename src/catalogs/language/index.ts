import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

function languageName(code: string, language: string): string {
  return new Intl.DisplayNames([language, 'en'], { type: 'language' }).of(code) ?? code;
}

/** Most watched titles spoken in a language. */
export const language = shelved(
  { id: 'language', name: 'By language', kinds: ['movie', 'series'] },
  { content, choice: 'required', labelOf: languageName },
);
