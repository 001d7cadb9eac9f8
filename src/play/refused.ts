import { Forbidden } from '../kit/errors.ts';

/** One answer for every reason, so that a guesser learns nothing. */
export function refused(): Forbidden {
  return new Forbidden(
    'play.refused',
    'This link is not valid (any more). Open the title again for a new one.',
  );
}
