import { Alert, Button, Modal } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { toFailure } from './polling.ts';

type ConfirmDialogProps = {
  title: string;
  /** On the button that does it. */
  action: string;
  color: string;
  onConfirm(): Promise<void>;
  onClose(): void;
  onExpired(): void;
  children: ReactNode;
};

/** Asks once more before something is done, and tells what the server said to it. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, action, color, onConfirm, onClose, onExpired, children } = props;
  const [isDoing, setIsDoing] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  async function confirm() {
    setIsDoing(true);
    try {
      await onConfirm();
      onClose();
    } catch (reason) {
      const refused = toFailure(reason);
      if (refused.status === 401) return onExpired();
      setFailure(refused.message);
      setIsDoing(false);
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      centered
      title={title}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p className="tb-confirm-text">{children}</p>
      {failure !== null && (
        <Alert color="red" variant="light" mt="md">
          {failure}
        </Alert>
      )}
      <div className="tb-actions tb-confirm-actions">
        <Button color={color} loading={isDoing} onClick={() => void confirm()} data-autofocus>
          {action}
        </Button>
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </Modal>
  );
}
