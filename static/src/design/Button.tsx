// Buttons and links that look like buttons. One primary per page: what is to be done next.
import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import { Icon, type IconName } from "./Icon";
import "./button.css";

export interface ButtonLook {
  look?: "plain" | "edged" | "primary" | "danger";
  size?: "small" | "normal" | "large";
  icon?: IconName;
  /** Pressed in, as a toggle. */
  on?: boolean;
  wide?: boolean;
}

export function buttonClass(
  { look = "plain", size = "normal", on = false, wide = false }: ButtonLook,
  bare = false,
): string {
  return [
    "button",
    look !== "plain" && `button-${look}`,
    size !== "normal" && `button-${size}`,
    on && "button-on",
    wide && "button-wide",
    bare && "button-icon",
  ]
    .filter(Boolean)
    .join(" ");
}

export interface ButtonProps
  extends ButtonLook, Omit<AriaButtonProps, "className" | "children" | "style" | "isPending"> {
  children: ReactNode;
  /**
   * What it began is under way: it does nothing more, and keeps the focus. (The library's own way of pending speaks of a
   * button that may be gone by then.)
   */
  isPending?: boolean;
  /** More class names, for its place on the page. */
  place?: string;
}

export function Button({ look, size, icon, on, wide, place, isPending = false, children, ...rest }: ButtonProps) {
  const looks = { ...(look && { look }), ...(size && { size }), ...(on && { on }), ...(wide && { wide }) };
  const waits = isPending ? ({ type: "button", onPress: nothing } as const) : {};
  return (
    <AriaButton
      {...rest}
      {...waits}
      className={`${buttonClass(looks)} ${isPending ? "button-pending" : ""} ${place ?? ""}`}
    >
      {icon && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}

const nothing = (): void => undefined;

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon" | "isPending"> {
  icon: IconName;
  /** What it does, in words. */
  label: string;
}

export function IconButton({ icon, label, look, size, on, wide, place, ...rest }: IconButtonProps) {
  const looks = { ...(look && { look }), ...(size && { size }), ...(on && { on }), ...(wide && { wide }) };
  return (
    <AriaButton {...rest} aria-label={label} className={`${buttonClass(looks, true)} ${place ?? ""}`}>
      <Icon name={icon} />
      <Hint text={label} />
    </AriaButton>
  );
}

/** The label of an icon, shown beside it while the pointer or the keyboard is on it. */
function Hint({ text }: { text: string }) {
  return (
    <span className="hint" aria-hidden="true">
      {text}
    </span>
  );
}
