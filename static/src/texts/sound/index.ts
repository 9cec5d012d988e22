// The words of the sound in the language of the page. They come with the room, not with the first page.
import { type Language, useLanguage } from "..";
import { sound as en } from "./en";
import { sound as fr } from "./fr";

export type SoundTexts = typeof en;

const SPOKEN: Readonly<Record<Language, SoundTexts>> = { en, fr };

export const useSoundTexts = (): SoundTexts => SPOKEN[useLanguage().language];
