import type { Programme } from '../features/media/index.ts';

/** Times as the machine has them (`TZ`), with the zone's name: an add-on does not learn the viewer's. */
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const CLOCK_AND_ZONE = new Intl.DateTimeFormat('en-GB', {
  ...{ hour: '2-digit', minute: '2-digit', timeZoneName: 'short' },
});

/**
 * `Now 18:00–19:00 UTC: News` and `Next 19:00 UTC: A film`, a line each; null where the guide says nothing of either. Of two that run at once the
 * one that began last is on.
 */
export function nowAndNext(programmes: readonly Programme[], now: Date): string | null {
  const onAir = programmes
    .filter(
      ({ startAt, stopAt }) => Date.parse(startAt) <= now.getTime() && Date.parse(stopAt) > now.getTime(),
    )
    .at(-1);
  const next = programmes.find(({ startAt }) => Date.parse(startAt) > now.getTime());
  const lines = [
    ...(onAir === undefined
      ? []
      : [
          `Now ${CLOCK.format(new Date(onAir.startAt))}–${CLOCK_AND_ZONE.format(new Date(onAir.stopAt))}: ${named(onAir)}`,
        ]),
    ...(next === undefined ? [] : [`Next ${CLOCK_AND_ZONE.format(new Date(next.startAt))}: ${named(next)}`]),
  ];
  return lines.length === 0 ? null : lines.join('\n');
}

function named({ title, subtitle, episode }: Programme): string {
  return [title, episode, subtitle].filter((part) => part !== null).join(' · ');
}
