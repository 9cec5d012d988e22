// Who asks for a right: allow it, for good or for some minutes, or decline.
import { Button, IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";

export const MINUTES = [1, 3, 5, 10, 30] as const;

export function RightsAsked() {
  const t = useTexts();
  const { view, may, nameOf, submit } = useRoom();
  const asked = view.rights?.asked ?? [];
  if (asked.length === 0 || !may("can_moderate")) return null;
  return (
    <section className="people-part" aria-label={t.people.asks}>
      <h3 className="panel-heading">{t.people.asks}</h3>
      <ul role="list" className="people-list">
        {asked.map(({ user, permission }) => {
          const grant = (minutes?: number) =>
            void submit({
              type: "permission.grant",
              userId: user,
              permission,
              ...(minutes === undefined ? {} : { minutes }),
            });
          return (
            <li key={`${user}.${permission}`} className="person person-asks">
              <div className="grow">
                <p className="clip">{nameOf(user)}</p>
                <p className="person-notes soft">{t.people.asksFor(t.permissions[permission] ?? permission)}</p>
              </div>
              <MenuButton
                label={t.people.allow}
                groups={[
                  {
                    acts: [
                      ...MINUTES.map((minutes) => ({
                        id: String(minutes),
                        label: t.common.forMinutes(minutes),
                        run: () => grant(minutes),
                      })),
                      { id: "good", label: t.common.noLimit, run: () => grant() },
                    ],
                  },
                ]}
              >
                <Button size="small" look="primary">
                  {t.people.allow}
                  <Icon name="down" />
                </Button>
              </MenuButton>
              <IconButton
                icon="close"
                size="small"
                label={t.people.decline}
                onPress={() => void submit({ type: "permission.revoke", userId: user, permission })}
              />
            </li>
          );
        })}
      </ul>
    </section>
  );
}
