// The language of the page: the browser's at first, switchable, kept. Every word of every page stands in a catalogue;
// French is loaded when it is wanted.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { kept } from "../app/client";
import { en } from "./en";
import { type Formats, formatsOf } from "./formats";

export type Texts = typeof en;
export type Language = "en" | "fr";
export const LANGUAGES: readonly { id: Language; name: string }[] = [
  { id: "en", name: "English" },
  { id: "fr", name: "Français" },
];

const KEY = "atelier.language";

interface Spoken {
  texts: Texts;
  language: Language;
  formats: Formats;
  speak(language: Language): void;
}

const SpokenContext = createContext<Spoken | null>(null);

/** As chosen before, else the first of the browser's languages that there is a catalogue for. */
export function firstLanguage(): Language {
  const wanted = [kept.get(KEY), ...navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())];
  return wanted.find((tag): tag is Language => tag === "en" || tag === "fr") ?? "en";
}

export async function loadTexts(language: Language): Promise<Texts> {
  return language === "fr" ? (await import("./fr")).fr : en;
}

export function Speaking(props: { first: Language; firstTexts: Texts; children: ReactNode }) {
  const [language, setLanguage] = useState(props.first);
  const [texts, setTexts] = useState(props.firstTexts);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const spoken = useMemo<Spoken>(() => {
    const speak = (next: Language): void => {
      kept.set(KEY, next);
      void loadTexts(next).then((loaded) => {
        setTexts(loaded);
        setLanguage(next);
      });
    };
    return { texts, language, formats: formatsOf(language), speak };
  }, [texts, language]);
  return (
    <SpokenContext.Provider value={spoken}>
      <I18nProvider locale={spoken.formats.locale}>{props.children}</I18nProvider>
    </SpokenContext.Provider>
  );
}

function useSpoken(): Spoken {
  const spoken = useContext(SpokenContext);
  if (spoken === null) throw new Error("no language is spoken here");
  return spoken;
}

export function useTexts(): Texts {
  return useSpoken().texts;
}

export function useFormats(): Formats {
  return useSpoken().formats;
}

export function useLanguage(): Pick<Spoken, "language" | "speak"> {
  return useSpoken();
}
