// How much of the page is really seen: a phone's keyboard covers the rest. Told to CSS as --seen-height.
import { useEffect, useState } from "react";

const SHORT_PX = 480;

/** True while the page is short, as it is with a keyboard open. */
export function useSeenHeight(): boolean {
  const [short, setShort] = useState(false);
  useEffect(() => {
    const viewport = window.visualViewport;
    if (viewport === null) return;
    const measure = () => {
      document.documentElement.style.setProperty("--seen-height", `${viewport.height}px`);
      setShort(viewport.height < SHORT_PX);
      if (viewport.offsetTop > 0) window.scrollTo(0, 0);
    };
    measure();
    viewport.addEventListener("resize", measure);
    return () => {
      viewport.removeEventListener("resize", measure);
      document.documentElement.style.removeProperty("--seen-height");
    };
  }, []);
  return short;
}
