import { knownFields } from '../../kit/known-fields.ts';
import type { ProvidedTitle } from '../provider.ts';
import type { Film, Series } from './shapes.ts';

const OFFERS = { flatrate: 'subscription', rent: 'rent', buy: 'buy', free: 'free', ads: 'ads' } as const;
const OFFER_NAMES = ['flatrate', 'rent', 'buy', 'free', 'ads'] as const;
/** Some 70 countries of some 30 offers each. */
const MAX_OFFERS = 3000;

/** Where it may be watched, by country; the page is its own, from where it leads on. */
export function whereToWatch(title: Film | Series): NonNullable<ProvidedTitle['watch']> {
  const countries = Object.entries(title['watch/providers']?.results ?? {});
  return countries
    .flatMap(([country, offered]) =>
      OFFER_NAMES.flatMap((name) =>
        offered[name].map((service) => ({
          country,
          service: service.provider_name,
          offer: OFFERS[name],
          ...knownFields({ url: offered.link }),
        })),
      ),
    )
    .slice(0, MAX_OFFERS);
}
