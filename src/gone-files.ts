/** A file is looked for once in so long, however often it is asked for. */
const AGAIN_MS = 10_000;
/** A look lists folders of a server for some seconds; links are in the hands of strangers. */
const [MOST, IN_MS] = [6, 60_000];

/** Has files looked for that viewers did not find where they were, some a minute; what is left out waits for its turn among the samples. */
export function goneFiles(look: (streamId: number) => void): (streamId: number) => void {
  let looks: { streamId: number; at: number }[] = [];
  return (streamId) => {
    const now = performance.now();
    looks = looks.filter(({ at }) => now - at < IN_MS);
    const isAgain = looks.some((last) => last.streamId === streamId && now - last.at < AGAIN_MS);
    if (looks.length >= MOST || isAgain) return;
    looks.push({ streamId, at: now });
    look(streamId);
  };
}
