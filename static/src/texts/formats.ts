// Times and numbers as one reads them here: in the person's zone and language.

export interface Formats {
  locale: string;
  /** 14:30 */
  time(at: string | number): string;
  /** Thursday 3 May */
  day(at: string | number): string;
  /** 3 May 2026 */
  date(at: string | number): string;
  /** 3 May, 14:30 */
  moment(at: string | number): string;
  /** 0:42:10 of a running clock. */
  clock(ms: number): string;
  number(value: number): string;
  /** 0.25 as 25 %. */
  percent(part: number): string;
  /** Names or words joined as in a sentence. */
  list(words: readonly string[]): string;
}

export function formatsOf(language: string): Formats {
  const locale = localeOf(language, navigator.languages);
  const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
  const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
  const moment = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const list = new Intl.ListFormat(locale, { type: "conjunction" });
  return {
    locale,
    time: (at) => time.format(new Date(at)),
    day: (at) => day.format(new Date(at)),
    date: (at) => date.format(new Date(at)),
    moment: (at) => moment.format(new Date(at)),
    clock,
    number: (value) => number.format(value),
    percent: (part) => percent.format(part),
    list: (words) => list.format(words),
  };
}

/** The reader's own region, which decides between 24 and 12 hours, where it goes with the language; some tags are no tags. */
export function localeOf(language: string, tags: readonly string[]): string {
  const own = tags.find((tag) => tag.toLowerCase().split("-")[0] === language);
  try {
    return own === undefined ? language : (Intl.getCanonicalLocales(own)[0] ?? language);
  } catch {
    return language;
  }
}

export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${two(minutes)}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
