// The words of the workbook and the courses in the language of the page. They come with those pages.
import { type Language, useLanguage } from "..";
import { learning as en } from "./en";
import { learning as fr } from "./fr";

export type LearningTexts = typeof en;

const SPOKEN: Readonly<Record<Language, LearningTexts>> = { en, fr };

export const useLearningTexts = (): LearningTexts => SPOKEN[useLanguage().language];
