import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

/** For everybody from 8 years on by the ratings of the household’s country; what nobody has rated is not for families. */
export const family = shelved({ id: 'family', name: 'Family', kinds: ['movie', 'series'] }, { content });
