// Raised hands in their order: those to the present point first.
import { IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { placeOf } from "../../session/standing";
import { useTexts } from "../../texts";
import { inPlace } from "../breakouts/words";
import { useRoom } from "../room/RoomContext";

export function Hands() {
  const t = useTexts();
  const { view, may, me, nameOf, submit, here } = useRoom();
  const raised = view.hands?.raised ?? [];
  if (raised.length === 0) return null;
  const queue = [...raised.filter((each) => each.toPoint), ...raised.filter((each) => !each.toPoint)];
  return (
    <section className="people-part" aria-label={t.people.hands}>
      <h3 className="panel-heading">{t.people.hands}</h3>
      <ol role="list" className="people-list">
        {queue.map(({ user, toPoint }) => (
          <li key={user} className="person person-raised">
            <Icon name="hand" />
            <span className="grow clip">{nameOf(user)}</span>
            {placeOf(view, user) !== here && (
              <span className="soft small">{inPlace(view, placeOf(view, user), t)}</span>
            )}
            {toPoint && <span className="soft small">{t.people.toPoint}</span>}
            {(may("can_moderate") || user === me) && (
              <IconButton
                icon="close"
                size="small"
                label={t.people.lowerOf(nameOf(user))}
                onPress={() => void submit({ type: "hand.lower", userId: user })}
              />
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
