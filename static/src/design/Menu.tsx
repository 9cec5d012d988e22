// A button that opens a list of things to do. The list holds only what this person may do.
import type { ReactNode } from "react";
import { Header } from "react-aria-components/Header";
import { Menu, MenuItem, MenuSection, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Icon, type IconName } from "./Icon";
import "./overlay.css";

export interface Act {
  id: string;
  label: string;
  icon?: IconName;
  danger?: boolean;
  /** Said at the end of the line, as "on". */
  state?: string;
  run(): void;
}

export interface ActGroup {
  heading?: string;
  acts: readonly Act[];
}

export interface MenuButtonProps {
  /** The button. */
  children: ReactNode;
  label: string;
  groups: readonly ActGroup[];
}

export function MenuButton({ children, label, groups }: MenuButtonProps) {
  const shown = groups.filter((group) => group.acts.length > 0);
  const acts = new Map(shown.flatMap((group) => group.acts).map((act) => [act.id, act]));
  return (
    <MenuTrigger>
      {children}
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label={label} onAction={(key) => acts.get(String(key))?.run()}>
          {shown.map((group, index) => (
            <MenuSection key={group.heading ?? index} aria-label={group.heading ?? label}>
              {group.heading !== undefined && <Header className="menu-heading">{group.heading}</Header>}
              {group.acts.map((act) => (
                <MenuItem
                  key={act.id}
                  id={act.id}
                  textValue={act.label}
                  className={`menu-item ${act.danger === true ? "menu-item-danger" : ""}`}
                >
                  {act.icon && <Icon name={act.icon} />}
                  <span>{act.label}</span>
                  {act.state !== undefined && <span className="menu-item-state">{act.state}</span>}
                </MenuItem>
              ))}
            </MenuSection>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
