import type { RequestHandler } from 'express';
import { AppError } from '../../kit/errors.ts';

/** Uploads as multipart are not read yet: 415 that says what to send instead. */
export const refuseMultipart: RequestHandler = (req, _res, next) => {
  if (!req.is('multipart/form-data')) return next();
  return next(
    new AppError(
      'request.no_multipart',
      'Uploads as multipart/form-data are not read yet. Send JSON: {"url": …}, or {"torrent": …} with a .torrent file as base64.',
      { status: 415, headers: { 'Accept-Post': 'application/json' } },
    ),
  );
};
