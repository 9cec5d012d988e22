// Whether the page is dark now, by choice or by the system.
import { useEffect, useState } from "react";
import { useMedia } from "../../app/media";

const chosen = (): string | undefined => document.documentElement.dataset["scheme"];

export function useDark(): boolean {
  const system = useMedia("(prefers-color-scheme: dark)");
  const [scheme, setScheme] = useState(chosen);
  useEffect(() => {
    const watch = new MutationObserver(() => setScheme(chosen()));
    watch.observe(document.documentElement, { attributeFilter: ["data-scheme"] });
    return () => watch.disconnect();
  }, []);
  return scheme === undefined ? system : scheme === "dark";
}
