// Small things many pages show: what an empty list says, a notice, that something is under way, a person's disc.
import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";
import "./bits.css";

/** What is not here yet, and what to do next. */
export function Empty({ icon, title, children }: { icon?: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      {icon && <Icon name={icon} />}
      <p className="empty-title">{title}</p>
      {children !== undefined && <div className="soft">{children}</div>}
    </div>
  );
}

/** What happened, what was kept, what to do. Polite: it waits until the reader is free. */
export function Notice({ kind = "notice", children }: { kind?: "notice" | "fault"; children: ReactNode }) {
  return (
    <div className={`notice notice-${kind}`} role={kind === "fault" ? "alert" : "status"}>
      <Icon name="warning" />
      <div className="grow">{children}</div>
    </div>
  );
}

export function Waiting({ text }: { text: string }) {
  return (
    <div className="waiting" role="status">
      <span className="waiting-dots" aria-hidden="true" />
      {text}
    </div>
  );
}

/** For screen readers only: what may wait until they are free, and what may not. */
export function Said({ polite, urgent }: { polite: string; urgent: string }) {
  return (
    <>
      <p className="unseen" role="status">
        {polite}
      </p>
      <p className="unseen" role="alert">
        {urgent}
      </p>
    </>
  );
}

export function Disc({ name, quiet = false }: { name: string; quiet?: boolean }) {
  const initials = name
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => [...word][0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();
  return (
    <span className={`disc ${quiet ? "disc-quiet" : ""}`} aria-hidden="true">
      {initials || "?"}
    </span>
  );
}

export function Key({ children }: { children: string }) {
  return <kbd className="key">{children}</kbd>;
}
