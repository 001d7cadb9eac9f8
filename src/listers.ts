import type { OpenLister } from './features/sources/index.ts';
import { AppError } from './kit/errors.ts';

/** What lists the folders of a server. */
export const openLister: OpenLister = (finder) => {
  throw new AppError('sources.unknown_finder', `Sources of kind ${finder} are not supported yet.`, {
    status: 501,
  });
};
