// Which page stands at which address. The room is loaded when somebody goes there; what most visits begin with is not.
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { Empty, Waiting } from "../design/Bits";
import { buttonClass } from "../design/Button";
import { Demo } from "../pages/Demo";
import { Join } from "../pages/Join";
import { Reset } from "../pages/Reset";
import { SignIn } from "../pages/SignIn";
import { useTexts } from "../texts";
import { identity } from "./client";
import { Fence } from "./Fence";
import { Frame } from "./Frame";
import { go, linkTo, type Place, placeOf, usePath } from "./router";
import "../pages/pages.css";

const Sessions = lazy(async () => ({ default: (await import("../pages/Sessions")).Sessions }));
const Replay = lazy(async () => ({ default: (await import("../pages/Replay")).Replay }));
const Learning = lazy(async () => ({ default: (await import("../pages/learning/Learning")).Learning }));
const Verify = lazy(async () => ({ default: (await import("../pages/learning/Verify")).Verify }));
const Status = lazy(async () => ({ default: (await import("../pages/status/Status")).Status }));
const SessionPage = lazy(async () => ({ default: (await import("../pages/SessionPage")).SessionPage }));

export function App() {
  const t = useTexts();
  const path = usePath();
  const user = useSyncExternalStore(identity.subscribe, () => identity.userId);
  const place = placeOf(path);
  const closed = user === null && ["sessions", "session", "replay", "learning", "status"].includes(place.page);
  useEffect(() => {
    if (closed) go(path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`, { replace: true });
  }, [closed, path]);
  const waiting = (
    <Frame narrow>
      <Waiting text={t.common.loading} />
    </Frame>
  );
  if (closed) return waiting;
  return (
    <Fence>
      <Suspense fallback={waiting}>
        <PageAt place={place} user={user ?? ""} />
      </Suspense>
    </Fence>
  );
}

function PageAt({ place, user }: { place: Place; user: string }) {
  switch (place.page) {
    case "sessions":
      return <Sessions key={user} />;
    case "session":
      return <SessionPage key={`${place.id}.${user}`} id={place.id} userId={user} results={place.results} />;
    case "replay":
      return <Replay key={`${place.id}.${user}`} id={place.id} userId={user} />;
    case "learning":
      return <Learning key={user} path={place.path} ids={place.ids} me={user} />;
    case "verify":
      return <Verify key={place.number} number={place.number} />;
    case "status":
      return <Status key={user} />;
    case "sign-in":
      return <SignIn next={place.next} />;
    case "join":
      return <Join />;
    case "reset":
      return <Reset />;
    case "demo":
      return <Demo name={place.name} />;
    case "nowhere":
      return <Nowhere />;
  }
}

function Nowhere() {
  const t = useTexts();
  return (
    <Frame narrow>
      <Empty title={t.nowhere.title}>
        <a className={buttonClass({ look: "primary" })} {...linkTo("/")}>
          {t.nowhere.home}
        </a>
      </Empty>
    </Frame>
  );
}
