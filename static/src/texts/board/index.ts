// The words of the whiteboard in the language of the page. They come with the board, which is loaded when it is opened.
import { type Language, useLanguage } from "..";
import { board as en } from "./en";
import { board as fr } from "./fr";

export type BoardTexts = typeof en;

const SPOKEN: Readonly<Record<Language, BoardTexts>> = { en, fr };

export const useBoardTexts = (): BoardTexts => SPOKEN[useLanguage().language];
