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

export interface ButtonProps extends ButtonLook, Omit<AriaButtonProps, "className" | "children" | "style"> {
  children: ReactNode;
  /** More class names, for its place on the page. */
  place?: string;
}

export function Button({ look, size, icon, on, wide, place, children, ...rest }: ButtonProps) {
  const looks = { ...(look && { look }), ...(size && { size }), ...(on && { on }), ...(wide && { wide }) };
  return (
    <AriaButton {...rest} className={`${buttonClass(looks)} ${place ?? ""}`}>
      {icon && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
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
