// The words of notes in the language of the page. They come with the pages that have notes.
import { type Language, useLanguage } from "..";
import { notes as en } from "./en";
import { notes as fr } from "./fr";

export type NotesTexts = typeof en;

const SPOKEN: Readonly<Record<Language, NotesTexts>> = { en, fr };

export const useNotesTexts = (): NotesTexts => SPOKEN[useLanguage().language];
