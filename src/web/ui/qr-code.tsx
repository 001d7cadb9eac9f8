import { QRCodeSVG } from 'qrcode.react';

/** Dark on white in both schemes: many readers fail on inverted codes. */
export function QrCode({ text }: { text: string }) {
  return (
    <QRCodeSVG
      value={text}
      size={112}
      level="M"
      bgColor="#ffffff"
      fgColor="#0d2226"
      title={`QR code of ${text}`}
    />
  );
}
