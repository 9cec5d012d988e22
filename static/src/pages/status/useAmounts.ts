// Amounts as operators read them, in the language of the page.
import { useFormats } from "../../texts";
import { useStatusTexts } from "../../texts/status";

const MEGABYTE = 1e6;
const GIGABYTE = 1e9;

export function useAmounts() {
  const s = useStatusTexts();
  const formats = useFormats();
  const ms = (value: number | undefined) => (value === undefined ? "–" : s.ms(formats.number(value)));
  return {
    ms,
    pair: (one: number | undefined, other: number | undefined) =>
      one === undefined ? "–" : `${formats.number(one)} / ${ms(other)}`,
    bytes: (value: number) =>
      value >= GIGABYTE ? s.gigabytes(formats.number(value / GIGABYTE)) : s.megabytes(formats.number(value / MEGABYTE)),
  };
}
