import { Alert, Code } from '@mantine/core';
import type { Addresses } from './addresses.ts';
import { InfoIcon, WarningIcon } from './icons.tsx';

/** Stremio installs over https, or from 127.0.0.1 on the device itself: the complaint heard most about such servers. */
export function ReachAdvice({ addresses }: { addresses: Addresses }) {
  if (addresses.isHttps) return null;
  if (addresses.isLoopback) return <ThisComputerOnly />;
  return (
    <Alert
      className="tb-advice"
      color="orange"
      variant="light"
      icon={<WarningIcon size={22} />}
      title="TVs, phones and Stremio Web cannot install from this address"
    >
      <p>
        Stremio installs an add-on over <b>https</b>, or from <b>127.0.0.1</b> on the device itself. This
        server is on plain http. VLC and Kodi play from it as it is. For Stremio, take one of these:
      </p>
      <ul>
        <li>
          Have a certificate? Put <Code>TLS_CERT</Code> and <Code>TLS_KEY</Code> (PEM files) in{' '}
          <Code>.env</Code> and restart.
        </li>
        <li>
          Have a reverse proxy with https (Caddy, nginx, Traefik)? Point it here and set{' '}
          <Code>PUBLIC_URL=https://…</Code>
        </li>
        <li>
          Not sure? <Code>npm run doctor</Code> checks the address and the certificate and prints the exact
          fix.
        </li>
      </ul>
    </Alert>
  );
}

function ThisComputerOnly() {
  return (
    <Alert
      className="tb-advice"
      color="river"
      variant="light"
      icon={<InfoIcon size={22} />}
      title="This address works on this computer only"
    >
      <p>
        For a TV or a phone the server needs an https address: <Code>TLS_CERT</Code> and <Code>TLS_KEY</Code>,
        or a reverse proxy and <Code>PUBLIC_URL</Code>. <Code>npm run doctor</Code> prints what is missing.
      </p>
    </Alert>
  );
}
