// The words of the replay in the language of the page. They come with it.
import { type Language, useLanguage } from "..";
import { replay as en } from "./en";
import { replay as fr } from "./fr";

export type ReplayTexts = typeof en;

const SPOKEN: Readonly<Record<Language, ReplayTexts>> = { en, fr };

export const useReplayTexts = (): ReplayTexts => SPOKEN[useLanguage().language];
