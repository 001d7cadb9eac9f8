import { AppError } from '../kit/errors.ts';
import type { PlayDeps, PlayRequest } from './deps.ts';
import type { LiveEntry } from './live.ts';

export type Viewing = { entry: LiveEntry; end(): void };

type Viewed = { request: PlayRequest; kind: string; stopping: AbortController };

/** Under the limits of running streams, and on the list of them from now on, also while its source is being opened. */
export function beginViewing(
  { live, admission }: PlayDeps,
  { request: { client, resource, link }, kind, stopping }: Viewed,
): Viewing | Promise<Viewing> {
  const { subject, filename: title } = link;
  // A playlist's parts are the same film as it is, and some carry nothing else that says which.
  const target = `${resource}:${link.fileIndex ?? ''}`;
  const end = (code: string, message: string) => stopping.abort(new AppError(code, message, { status: 503 }));
  const entry = live.begin({ kind, resource, title, client, subject }, () =>
    end('play.stopped', 'The owner ended this stream.'),
  );
  const begun = (leave: () => void): Viewing => ({
    entry,
    end() {
      entry.end();
      leave();
    },
  });
  const admitted = admission.admit(
    { subject, client, target },
    {
      stalledMs: () => entry.stalledMs(),
      end: () => end('play.replaced', 'A newer request for the same stream took its place.'),
    },
  );
  if (!(admitted instanceof Promise)) return begun(admitted);
  return admitted.then(begun, (error: unknown) => {
    entry.end();
    throw error;
  });
}
