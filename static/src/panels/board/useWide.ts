// The board over the whole page, as long as it is open. Escape leads back when nothing on the board wants it.
import { useEffect, useState } from "react";

export function useWide(): [boolean, (wide: boolean) => void] {
  const [wide, setWide] = useState(false);
  useEffect(() => {
    if (!wide) return;
    const press = (event: KeyboardEvent): void => {
      const inside = event.target instanceof Element && event.target.closest("[data-own-keys], [role=dialog], [role=menu]");
      if (event.key === "Escape" && inside === null) setWide(false);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [wide]);
  return [wide, setWide];
}
