import { ratingCountries } from '../../kit/age-rating.ts';
import { sql } from '../../platform/db.ts';
import type { FillAbout, ShelfContent } from '../catalog.ts';

/** "PG" is advice of this age. */
const FAMILY_AGE = 8;

/** The rating that decides, as `ratingOf` of kit/age-rating.ts finds it. */
export function content({ country }: FillAbout): ShelfContent {
  return {
    from: sql.fragment`(
        SELECT DISTINCT ON (c.media_id) c.media_id, c.min_age FROM media_certification c WHERE c.min_age IS NOT NULL
        ORDER BY c.media_id, array_position(${sql.array(ratingCountries(country), 'text')}, c.country), c.country, c.min_age DESC
      ) r JOIN title m ON m.id = r.media_id`,
    where: sql.fragment`r.min_age <= ${FAMILY_AGE} AND m.nudity NOT IN ('moderate', 'severe')`,
    choice: sql.fragment`''`,
    score: sql.fragment`m.rank`,
  };
}
