// The words of the status page in the language of the page. They come with that page.
import { type Language, useLanguage } from "..";
import { status as en } from "./en";
import { status as fr } from "./fr";

export type StatusTexts = typeof en;

const SPOKEN: Readonly<Record<Language, StatusTexts>> = { en, fr };

export const useStatusTexts = (): StatusTexts => SPOKEN[useLanguage().language];
