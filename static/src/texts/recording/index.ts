// The words of recording in the language of the page. They come with the room, not with the first page.
import { type Language, useLanguage } from "..";
import { recording as en } from "./en";
import { recording as fr } from "./fr";

export type RecordingTexts = typeof en;

const SPOKEN: Readonly<Record<Language, RecordingTexts>> = { en, fr };

export const useRecordingTexts = (): RecordingTexts => SPOKEN[useLanguage().language];
