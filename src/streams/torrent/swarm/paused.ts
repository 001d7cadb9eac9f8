import { AppError, Conflict } from '../../../kit/errors.ts';

/** What a viewer is told who needs more of a paused torrent than lies here. */
export function pausedTorrent(): AppError {
  return new Conflict('torrent.paused', 'This torrent is paused. Resume it on the Torrents page.');
}

/** What a viewer is told whose torrent the owner has removed. */
export function removedTorrent(): AppError {
  return new AppError('torrent.removed', 'This torrent has just been removed.', { status: 410 });
}
