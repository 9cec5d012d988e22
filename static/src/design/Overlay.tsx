// What lies over the page: a sheet from the side for forms, a dialog for what must be decided or read first.
import type { ReactNode } from "react";
import { Dialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { useTexts } from "../texts";
import { Button, IconButton } from "./Button";
import "./overlay.css";

export interface OverlayProps {
  open: boolean;
  onClose(): void;
  title: string;
  /** `sheet` comes from the side. */
  shape?: "dialog" | "wide" | "full" | "sheet";
  children: ReactNode;
  foot?: ReactNode;
  role?: "dialog" | "alertdialog";
}

export function Overlay({ open, onClose, title, shape = "dialog", children, foot, role = "dialog" }: OverlayProps) {
  const t = useTexts();
  const sheet = shape === "sheet";
  return (
    <ModalOverlay
      className={`veil ${sheet ? "veil-side" : ""}`}
      isOpen={open}
      onOpenChange={(now) => !now && onClose()}
      isDismissable={role === "dialog"}
    >
      <Modal className={sheet ? "sheet" : `modal ${shape === "dialog" ? "" : `modal-${shape}`}`}>
        <Dialog className="dialog" role={role}>
          <div className="dialog-head">
            <Heading slot="title" level={2} className="grow">
              {title}
            </Heading>
            <IconButton icon="close" label={t.common.close} onPress={onClose} />
          </div>
          <div className="dialog-body">{children}</div>
          {foot !== undefined && <div className="dialog-foot">{foot}</div>}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

export interface ConfirmProps {
  open: boolean;
  title: string;
  /** What will happen, in a sentence. */
  text: string;
  act: string;
  danger?: boolean;
  onClose(): void;
  onConfirm(): void;
}

/** Asks once, before what cannot be undone. */
export function Confirm({ open, title, text, act, danger = false, onClose, onConfirm }: ConfirmProps) {
  const t = useTexts();
  const confirm = () => {
    onConfirm();
    onClose();
  };
  return (
    <Overlay
      open={open}
      onClose={onClose}
      title={title}
      role="alertdialog"
      foot={
        <>
          <Button onPress={onClose}>{t.common.cancel}</Button>
          <Button look={danger ? "danger" : "primary"} onPress={confirm} autoFocus>
            {act}
          </Button>
        </>
      }
    >
      <p>{text}</p>
    </Overlay>
  );
}
