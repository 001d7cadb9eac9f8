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
        As soon as an account of this server has a kid, the add-on without an install (
        <code>/manifest.json</code>) shows nothing, to all who use this server: a kid could otherwise leave
        out its own part of the address. So each grown-up makes an install of their own here. It opens again
        with the last kid’s profile gone.
      </p>
    </section>
  );
}
