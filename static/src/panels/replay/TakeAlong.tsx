// What one may take along from a session: everything as one file, the sound, one's own voice, what was said as text. Only
// where there is a server to have it from.
import { useState } from "react";
import { saveFile, saveFrom } from "../../app/saving";
import { Button } from "../../design/Button";
import { type Act, MenuButton } from "../../design/Menu";
import type { SoundRecording, SoundTrack } from "../../replay/material";
import { useReplayTexts } from "../../texts/replay";
import { useReplay } from "./ReplayContext";

const ARCHIVE_WITHIN_MS = 600_000;

export function TakeAlong() {
  const r = useReplayTexts();
  const { source, material, recordings, words, me } = useReplay();
  const [state, setState] = useState<"idle" | "busy" | "failed">("idle");
  const path = `/live-sessions/${source.sessionId}`;
  const { title } = material.session;
  const taking = (work: () => Promise<void>) => (): void => {
    setState("busy");
    work().then(
      () => setState("idle"),
      () => setState("failed"),
    );
  };
  const file = (id: string, label: string, ending: string, withinMs?: number): Act => ({
    id,
    label,
    icon: "download",
    run: taking(() => saveFile(`${path}/${id}`, `${title}.${ending}`, withinMs)),
  });
  /** Addresses come to their end, so they are asked for when they are needed. */
  const sounds = (what: "mix" | "own", label: (part: number, of: number) => string): Act[] => {
    const all = partsOf(recordings, what, me);
    return all.map((id, index) => ({
      id,
      label: label(index + 1, all.length),
      icon: "download",
      run: taking(async () => {
        const now = await source.recordings();
        const part = now.flatMap(({ tracks }) => tracks.flatMap(({ parts }) => parts)).find((each) => each.id === id);
        if (part === undefined) throw new Error("it is not there any more");
        saveFrom(part.url, `${title}, ${label(index + 1, all.length)}.webm`);
      }),
    }));
  };
  const groups = [
    { acts: [file("archive.zip", r.archive, "zip", ARCHIVE_WITHIN_MS)] },
    { acts: [...sounds("mix", r.mixSound), ...sounds("own", r.ownSound)] },
    {
      acts:
        words.sentences.length === 0
          ? []
          : [file("transcript.txt", r.asText, "txt"), file("transcript.vtt", r.asSubtitles, "vtt")],
    },
  ];
  return (
    <>
      <span className={state === "failed" ? "small" : "unseen"} role="status">
        {state === "busy" ? r.taking : state === "failed" ? r.notTaken : ""}
      </span>
      <MenuButton label={r.takeAlong} groups={groups}>
        <Button size="small" look="edged" icon="download" isPending={state === "busy"}>
          <span className="replay-take-word">{r.takeAlong}</span>
        </Button>
      </MenuButton>
    </>
  );
}

/** Ids of what there is of everybody together, or of one's own voice, in the order it was said. */
function partsOf(recordings: readonly SoundRecording[], what: "mix" | "own", me: string): string[] {
  const wanted = (track: SoundTrack): boolean =>
    what === "mix" ? track.track === "mix" : track.track === "speaker" && track.userId === me;
  return recordings
    .flatMap(({ tracks }) => tracks.filter(wanted).flatMap(({ parts }) => parts))
    .flatMap(({ id }) => id ?? []);
}
