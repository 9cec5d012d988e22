// The link of one of the demo's people: takes their token and goes to the first session. No token stands in an address.
import { useEffect, useState } from "react";
import { asProblem } from "../app/asked";
import { api, identity } from "../app/client";
import { Frame } from "../app/Frame";
import { go } from "../app/router";
import type { DemoCast } from "../app/resources";
import { Notice, Waiting } from "../design/Bits";
import { useTexts } from "../texts";

export function Demo({ name }: { name: string }) {
  const t = useTexts();
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    let gone = false;
    api.get<DemoCast>("/demo", { open: true }).then(
      ({ cast, sessions }) => {
        if (gone) return;
        const person = cast.find((each) => each.name.toLowerCase() === name);
        if (person === undefined) {
          setFault(t.demo.unknown(name));
          return;
        }
        identity.become({ userId: person.userId, accessToken: person.token }, { elsewhere: false });
        const session = sessions[0];
        go(session === undefined ? "/" : `/sessions/${session.id}`, { replace: true });
      },
      (error: unknown) => gone || setFault(asProblem(error).code === "not_found" ? t.demo.none : t.problem("offline")),
    );
    return () => {
      gone = true;
    };
  }, [name, t]);
  return (
    <Frame narrow>
      {fault === undefined ? <Waiting text={t.demo.entering} /> : <Notice kind="fault">{fault}</Notice>}
    </Frame>
  );
}
