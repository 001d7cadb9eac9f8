import './dialog.css';
import './player.css';
import { Alert, Button, Modal } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { viaThisPage } from './addresses.ts';
import type { Title } from './api.ts';
import { CopyButton } from './copy-button.tsx';
import { InfoIcon, ListIcon, ScreenIcon } from './icons.tsx';
import { LicenceLine } from './title-card.tsx';

type PlayerDialogProps = { title: Title; publicUrl: string; onClose(): void };

/** Plays the title in the page; formats the browser does not know are for VLC. */
export function PlayerDialog({ title, publicUrl, onClose }: PlayerDialogProps) {
  const isPhone = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false });
  const [hasFailed, setHasFailed] = useState(false);
  // Read while rendering: later the dialog has taken the focus.
  const [pressed] = useState(() => document.activeElement);
  useEffect(() => {
    return () => {
      if (pressed instanceof HTMLElement) pressed.focus({ preventScroll: true });
    };
  }, [pressed]);
  return (
    <Modal
      opened
      onClose={onClose}
      size={960}
      centered
      fullScreen={isPhone === true}
      title={title.year === null ? title.title : `${title.title} (${title.year})`}
      closeButtonProps={{ 'aria-label': 'Close the player' }}
      returnFocus={false}
      transitionProps={{ duration: 0 }}
    >
      <Video url={viaThisPage(title.playUrl ?? '', publicUrl)} onFailure={() => setHasFailed(true)} />
      {hasFailed && (
        <Alert
          mt="md"
          color="orange"
          variant="light"
          icon={<InfoIcon size={22} />}
          title="This browser cannot play it"
        >
          Either the format is one that browsers do not know (most MKV files) or its source does not answer.
          Copy the link and open it in VLC, or play it in Stremio.
        </Alert>
      )}
      <PlayerFoot title={title} publicUrl={publicUrl} />
    </Modal>
  );
}

function PlayerFoot({ title, publicUrl }: { title: Title; publicUrl: string }) {
  return (
    <div className="tb-player-foot">
      <LicenceLine licence={title.licence} />
      <div className="tb-actions">
        {title.playUrl !== null && (
          <CopyButton text={title.playUrl} label="Copy play link" variant="default" />
        )}
        {title.m3uUrl !== null && (
          <Button
            component="a"
            href={viaThisPage(title.m3uUrl, publicUrl)}
            variant="default"
            leftSection={<ListIcon />}
          >
            M3U
          </Button>
        )}
        <Button component="a" href={title.detailUrl} variant="default" leftSection={<ScreenIcon />}>
          Open in Stremio
        </Button>
      </div>
    </div>
  );
}

function Video({ url, onFailure }: { url: string; onFailure(): void }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    video.src = url;
    // Refused when the browser wants a press first: the controls are there.
    video.play().catch(() => undefined);
    return () => {
      // A removed element goes on reading until it is collected; this ends the request now.
      video.pause();
      video.removeAttribute('src');
      video.load();
    };
  }, [url]);
  return (
    // biome-ignore lint/a11y/useMediaCaption: the files bring their own tracks, if any
    <video
      ref={element}
      className="tb-video"
      controls
      playsInline
      tabIndex={0}
      data-autofocus
      onError={onFailure}
    />
  );
}
