import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

function countryName(code: string, language: string): string {
  return new Intl.DisplayNames([language, 'en'], { type: 'region' }).of(code) ?? code;
}

/** Most watched titles made in a country. */
export const country = shelved(
  { id: 'country', name: 'By country', kinds: ['movie', 'series'] },
  { content, choice: 'required', labelOf: countryName },
);
