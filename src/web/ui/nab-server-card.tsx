import { PasswordInput, TextInput } from '@mantine/core';
import { CopyButton } from './copy-button.tsx';
import type { NabServer } from './finder-api.ts';

/** Addresses and key by which Sonarr, Radarr and Prowlarr search what is here. */
export function NabServerCard({ server }: { server: NabServer }) {
  return (
    <section className="tb-card tb-nab-server" aria-labelledby="nab-title">
      <h2 id="nab-title">Search this catalogue from Sonarr, Radarr and Prowlarr</h2>
      <p className="tb-quiet">
        Add a generic Torznab indexer there for torrents, a generic Newznab one for Usenet. Whoever has the
        key may search every title and fetch its releases.
      </p>
      <Copied label="Torznab address" text={server.torznabUrl} />
      <Copied label="Newznab address" text={server.newznabUrl} />
      <Copied label="API key" text={server.apiKey} isSecret />
    </section>
  );
}

function Copied({ label, text, isSecret = false }: { label: string; text: string; isSecret?: boolean }) {
  const Field = isSecret ? PasswordInput : TextInput;
  return (
    <div className="tb-copied">
      <Field
        label={label}
        value={text}
        readOnly
        {...(isSecret
          ? { visibilityToggleButtonProps: { 'aria-label': 'Show or hide the key' }, autoComplete: 'off' }
          : {})}
      />
      <CopyButton text={text} label="Copy" variant="default" />
    </div>
  );
}
