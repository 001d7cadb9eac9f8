import { hrefOf } from './views.ts';

/** What an install cannot close off; the README says the same. */
export function FamilyLimits() {
  return (
    <section className="tb-card tb-family-limits" aria-labelledby="family-limits">
      <h2 id="family-limits">What a kid’s install closes off, and what not</h2>
      <p>
        A kid’s install shows and plays only what you allow, of what comes from this server. Stremio keeps its
        own official add-ons beside it, so in Stremio a kid can still find other titles, and what those
        add-ons play. To close the rest, give the kid <a href={hrefOf('devices')}>a device paired</a> to this
        server’s own pages, or Kodi with only this server’s add-on.
      </p>
      <p>
        As soon as there is a kid, the add-on without an install (<code>/manifest.json</code>) shows nothing:
        make installs for the grown-ups too.
      </p>
    </section>
  );
}
