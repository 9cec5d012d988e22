// How many rooms ask for help, on whatever leads to them; nothing while nobody does.
import type { BreakoutSet } from "../../session/protocol";
import { useTexts } from "../../texts";
import { helpAsked } from "./reading";

export function HelpCount({ set }: { set: BreakoutSet | undefined }) {
  const t = useTexts();
  const asking = helpAsked(set).length;
  if (asking === 0) return null;
  return (
    <>
      <span className="count count-urgent" aria-hidden="true">
        {asking}
      </span>
      <span className="unseen">{t.breakouts.needHelp(asking)}</span>
    </>
  );
}
