// The player at the bottom of the page: play, go back and on, scrub, speed, and the link to the moment.
import { useEffect, useState, useSyncExternalStore } from "react";
import { Button, IconButton } from "../../design/Button";
import { addressAt } from "../../replay/moment";
import { RATES } from "../../replay/player";
import type { Findable } from "../../replay/search";
import { trackOf } from "../../replay/timeline";
import { hasSound } from "../../replay/wave";
import { useFormats } from "../../texts";
import { useReplayTexts } from "../../texts/replay";
import { useReplay } from "./ReplayContext";
import { Scrubber, steer } from "./Scrubber";

const JUMP_S = 10;
const SAID_MS = 4_000;

export function PlayerBar({ hits }: { hits: readonly Findable[] }) {
  const r = useReplayTexts();
  const formats = useFormats();
  const { player, timeline } = useReplay();
  const playing = useSyncExternalStore(player.subscribe, () => player.state.playing);
  const second = useSyncExternalStore(player.subscribe, () => Math.floor(player.state.at));
  const rate = useSyncExternalStore(player.subscribe, () => player.state.rate);
  useAddress();
  usePageKeys();
  return (
    <section className="player" aria-label={r.player}>
      <div className="player-acts">
        <Jump by={-JUMP_S} label={r.backBy(JUMP_S)} />
        <Button look="primary" size="large" icon={playing ? "pause" : "play"} onPress={() => player.toggle()} place="player-play">
          <span className="player-word">{playing ? r.pause : r.play}</span>
        </Button>
        <Jump by={JUMP_S} label={r.onBy(JUMP_S)} />
      </div>
      <p className="player-time numbers">
        {formats.clock(second * 1_000)} <span className="soft">/ {formats.clock(timeline.lengthS * 1_000)}</span>
      </p>
      <Scrubber hits={hits} />
      <div className="player-more">
        <select
          className="input player-speed numbers"
          aria-label={r.speed}
          value={rate}
          onChange={(event) => player.speed(Number(event.target.value))}
        >
          {RATES.map((each) => (
            <option key={each} value={each}>
              {r.times(new Intl.NumberFormat(formats.locale).format(each))}
            </option>
          ))}
        </select>
        <CopyLink />
      </div>
      <Heard />
    </section>
  );
}

function Jump({ by, label }: { by: number; label: string }) {
  const { player } = useReplay();
  return (
    <Button aria-label={label} onPress={() => player.seek(player.state.at + by)} place="numbers">
      {by < 0 ? `−${-by}` : `+${by}`}
    </Button>
  );
}

function CopyLink() {
  const r = useReplayTexts();
  const { player } = useReplay();
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    navigator.clipboard.writeText(addressAt(location.href, player.state.at)).then(
      () => setSaid(r.linked),
      () => setSaid(r.notLinked),
    );
  };
  return (
    <span className="player-link">
      <IconButton icon="link" label={r.link} onPress={copy} />
      <span className={said === "" ? "unseen" : "player-said small"} role="status">
        {said}
      </span>
    </span>
  );
}

/** What one hears, where it is not simply everybody. */
function Heard() {
  const r = useReplayTexts();
  const { player, recordings, nameOf } = useReplay();
  const { waiting, silenced } = useSyncExternalStore(player.subscribe, () => player.state);
  const voices = recordings.map((each) => trackOf(each)).filter((each) => each !== undefined);
  const alone = voices.find((each) => each.track === "speaker");
  const making = recordings.length > 0 && voices.length === 0;
  const words = silenced
    ? r.silenced
    : waiting
      ? r.waiting
      : making
        ? r.making
        : !hasSound(recordings)
          ? r.noSound
          : alone !== undefined
            ? r.oneVoice(nameOf(alone.userId ?? undefined))
            : recordings.some((each) => each.stage === "incomplete" || (each.incomplete ?? "") !== "")
              ? r.incomplete
              : "";
  return (
    <p className="player-heard soft small" role="status">
      {words}
    </p>
  );
}

/** The address of the page is that of the moment whenever it stands still. */
function useAddress(): void {
  const { player } = useReplay();
  const still = useSyncExternalStore(player.subscribe, () => (player.state.playing ? -1 : Math.floor(player.state.at)));
  useEffect(() => {
    if (still <= 0) return;
    // Browsers limit how often; the last one counts.
    const timer = setTimeout(() => history.replaceState(history.state, "", addressAt(location.href, still)), 200);
    return () => clearTimeout(timer);
  }, [still]);
}

const OWN_KEYS = "a[href], button, input, select, textarea, [role=slider], [role=tab], [role=menu], [role=dialog], [data-own-keys]";

/** Where nothing else has the focus, the player has the keys: left, right and space. */
function usePageKeys(): void {
  const { player } = useReplay();
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const target = event.target instanceof Element ? event.target : null;
      if (event.defaultPrevented || target?.closest(OWN_KEYS)) return;
      if (["ArrowLeft", "ArrowRight", " "].includes(event.key) && steer(event, player)) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [player]);
}
