// For moderators: silence in one press. Whoever is muted can speak up again by themselves.
import { api } from "../../app/client";
import { Button } from "../../design/Button";
import { isStaff, permissionsOf, placeOf } from "../../session/standing";
import { useSoundTexts } from "../../texts/sound";
import { useRoom } from "../room/RoomContext";
import { useSound } from "./SoundContext";
import { isMuted } from "./voice";

const WORTH_FROM = 2;

export function MuteAll() {
  const t = useSoundTexts();
  const { view, may, here, submit } = useRoom();
  const { voice } = useSound();
  const now = api.now();
  const heard = Object.values(view.people?.persons ?? {}).filter(
    ({ user, present }) =>
      present &&
      placeOf(view, user) === here &&
      !isStaff(view, user) &&
      !isMuted(view, user) &&
      permissionsOf(view, user, now).has("can_speak"),
  );
  if (voice === "none" || !may("can_moderate") || heard.length < WORTH_FROM) return null;
  return (
    <Button size="small" icon="micOff" onPress={() => void submit({ type: "participant.mute" })}>
      {t.muteAll}
    </Button>
  );
}
