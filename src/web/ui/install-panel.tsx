import { Button } from '@mantine/core';
import { lazy, useState } from 'react';
import { type Addresses, stremioWebUrl } from './addresses.ts';
import { CopyButton } from './copy-button.tsx';
import { AddIcon, CodeIcon, OutIcon } from './icons.tsx';
import { LazyPart } from './lazy-part.tsx';

const QrCode = lazy(async () => ({ default: (await import('./qr-code.tsx')).QrCode }));

/** The manifest URL to copy, the install buttons and the QR code. */
export function InstallPanel({ addresses }: { addresses: Addresses }) {
  const { manifestUrl, isHttps } = addresses;
  const [isQrOpen, setIsQrOpen] = useState(false);
  return (
    <div className="tb-card tb-install">
      <label className="tb-label" htmlFor="manifest-url">
        Manifest URL
      </label>
      <div className="tb-url">
        <input id="manifest-url" readOnly value={manifestUrl} onFocus={(event) => event.target.select()} />
        <CopyButton text={manifestUrl} label="Copy URL" variant={isHttps ? 'default' : 'filled'} />
      </div>
      <div className="tb-install-ways">
        <InstallButtons
          addresses={addresses}
          isQrOpen={isQrOpen}
          onToggleQr={() => setIsQrOpen((isOpen) => !isOpen)}
        />
        <p className="tb-quiet">
          {isHttps
            ? 'Installs on TVs, phones, computers and the web. With a Stremio account one install reaches every device.'
            : 'The install button always opens https. This address is http, so copy it and paste it in Stremio.'}
        </p>
      </div>
      <figure id="qr" className="tb-qr" data-open={isQrOpen}>
        <div className="tb-qr-paper">
          <LazyPart fallback={null}>
            <QrCode text={manifestUrl} />
          </LazyPart>
        </div>
        <figcaption>{qrCaption(addresses)}</figcaption>
      </figure>
    </div>
  );
}

type InstallButtonsProps = { addresses: Addresses; isQrOpen: boolean; onToggleQr(): void };

function InstallButtons({ addresses, isQrOpen, onToggleQr }: InstallButtonsProps) {
  const { manifestUrl, installUrl, isHttps, isLoopback } = addresses;
  return (
    <div className="tb-actions">
      <Button
        component="a"
        href={installUrl}
        variant={isHttps ? 'filled' : 'light'}
        leftSection={<AddIcon />}
      >
        Install in Stremio
      </Button>
      {/* Stremio Web is an https page: it may read http from the device itself, not from the network. */}
      {(isHttps || isLoopback) && (
        <Button
          component="a"
          href={stremioWebUrl(manifestUrl)}
          target="_blank"
          rel="noopener noreferrer"
          variant="default"
          leftSection={<OutIcon />}
        >
          Stremio Web
        </Button>
      )}
      <Button
        className="tb-qr-toggle"
        variant="default"
        leftSection={<CodeIcon />}
        aria-expanded={isQrOpen}
        aria-controls="qr"
        onClick={onToggleQr}
      >
        QR code
      </Button>
    </div>
  );
}

function qrCaption({ isHttps, isLoopback }: Addresses): string {
  if (isHttps) return 'Scan on a phone or tablet';
  return isLoopback ? 'Works on this computer only' : 'Other devices need https';
}
