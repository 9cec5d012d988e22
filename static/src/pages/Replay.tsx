// A session played again, as far as the server lets its reader have it.
import { useMemo } from "react";
import { Frame, Preferences } from "../app/Frame";
import { linkTo } from "../app/router";
import { buttonClass } from "../design/Button";
import { Icon } from "../design/Icon";
import { Opened } from "../panels/replay/Opened";
import { TakeAlong } from "../panels/replay/TakeAlong";
import { RestSource } from "../replay/rest";
import { useReplayTexts } from "../texts/replay";

export function Replay({ id, userId }: { id: string; userId: string }) {
  const r = useReplayTexts();
  const source = useMemo(() => new RestSource(id, userId), [id, userId]);
  return (
    <Opened
      source={source}
      before={
        <a className={buttonClass({ size: "small" })} {...linkTo(`/sessions/${id}`)}>
          <Icon name="left" />
          {r.back}
        </a>
      }
      after={
        <>
          <TakeAlong />
          <Preferences signedIn />
        </>
      }
      frame={(children) => <Frame signedIn>{children}</Frame>}
    />
  );
}
