// The door, as the staff see it: who waits and for what, let in or turn away, one or all.
import { Button, IconButton } from "../../design/Button";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";

export function Waiting() {
  const t = useTexts();
  const { view, may, nameOf, submit } = useRoom();
  const waiting = view.lobby?.waiting ?? [];
  if (waiting.length === 0) return null;
  const admittable = waiting.filter((each) => each.reason !== "seat");
  return (
    <section className="people-part people-door" aria-label={t.people.waiting}>
      <h3 className="panel-heading">
        {t.people.waiting} <span className="numbers">{waiting.length}</span>
      </h3>
      <ul role="list" className="people-list">
        {waiting.map(({ user, reason, role }) => (
          <li key={user} className="person person-waiting">
            <div className="grow">
              <p className="clip">{nameOf(user)}</p>
              <p className="person-notes soft">
                {role !== "participant" && `${t.roles[role]} · `}
                {t.people.waitsFor[reason]}
              </p>
            </div>
            {may("can_moderate") && (
              <>
                <Button
                  size="small"
                  look="primary"
                  onPress={() => void submit({ type: "participant.admit", userId: user })}
                >
                  {t.people.admit}
                </Button>
                <IconButton
                  icon="close"
                  size="small"
                  label={t.people.deny}
                  onPress={() => void submit({ type: "participant.deny", userId: user })}
                />
              </>
            )}
          </li>
        ))}
      </ul>
      {may("can_moderate") && admittable.length > 1 && (
        <Button look="edged" size="small" wide onPress={() => void submit({ type: "participant.admit" })}>
          {t.people.admitAll}
        </Button>
      )}
    </section>
  );
}
