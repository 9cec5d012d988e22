// For how long a right is given.
import { Choose } from "../../design/Field";
import { useTexts } from "../../texts";
import { MINUTES } from "./RightsAsked";

/** 0 minutes: for good. */
export function Lending({ minutes, onChange }: { minutes: number; onChange(minutes: number): void }) {
  const t = useTexts();
  return (
    <Choose
      label={t.people.allow}
      value={String(minutes)}
      onChange={(value) => onChange(Number(value))}
      options={[
        { value: "0", label: t.common.noLimit },
        ...MINUTES.map((each) => ({ value: String(each), label: t.common.forMinutes(each) })),
      ]}
    />
  );
}
