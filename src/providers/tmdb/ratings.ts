import type { ProvidedTitle } from '../provider.ts';
import type { Film, Series } from './shapes.ts';

/** An average of no votes is 0 there, and says nothing. */
export function ratingsOf({
  vote_average: rating,
  vote_count: votes = 0,
}: Film | Series): ProvidedTitle['ratings'] {
  return rating === undefined || votes === 0 ? undefined : [{ provider: 'tmdb', rating, votes }];
}

/** Each country's words once: one film has a row for every kind of release (premiere, cinema, disc, television). */
export function certificationsOf({ release_dates: byCountry }: Film) {
  const found = (byCountry?.results ?? []).flatMap(({ iso_3166_1: country, release_dates: releases }) =>
    releases.flatMap(({ certification: code }) => (code === undefined ? [] : [{ country, code }])),
  );
  return [...new Map(found.map((entry) => [`${entry.country} ${entry.code}`, entry])).values()];
}
