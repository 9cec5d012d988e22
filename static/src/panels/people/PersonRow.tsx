// One person: name, role, what they may beyond it and for how long, and a menu of only what the viewer may do.
import { useState } from "react";
import { Disc } from "../../design/Bits";
import { IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { type ActGroup, MenuButton } from "../../design/Menu";
import { Confirm } from "../../design/Overlay";
import { api } from "../../app/client";
import { channelOf } from "../../session/fold/chat";
import type { Person } from "../../session/protocol";
import { grantsOf, over } from "../../session/standing";
import { useTexts } from "../../texts";
import { RightsOf } from "../rights/RightsOf";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";

type Asked = "remove" | "ban" | "rights" | null;

export function PersonRow({ person }: { person: Person }) {
  const t = useTexts();
  const { view, me, nameOf, submit, staff } = useRoom();
  const { openChannel } = usePlace();
  const [asked, setAsked] = useState<Asked>(null);
  const name = nameOf(person.user);
  const may = over(view, me, person.user, api.now());
  const ask = (what: Asked) => () => setAsked(what);

  const groups: ActGroup[] = [
    {
      acts: [
        ...(may.write && person.present
          ? [
              {
                id: "write",
                label: t.people.write,
                icon: "chat" as const,
                run: () => openChannel(channelOf(me, { to: person.user })),
              },
            ]
          : []),
        ...(may.rights.length > 0 || may.role
          ? [{ id: "rights", label: t.people.rights, icon: "key" as const, run: ask("rights") }]
          : []),
      ],
    },
    {
      acts: may.remove
        ? [
            { id: "remove", label: t.people.remove, icon: "exit", danger: true, run: ask("remove") },
            { id: "ban", label: t.people.ban, icon: "close", danger: true, run: ask("ban") },
          ]
        : [],
    },
  ];
  const acts = groups.some((group) => group.acts.length > 0);
  return (
    <li className="person">
      <Disc name={name} quiet={!person.present} />
      <div className="grow">
        <p className="clip">
          {name}
          {person.user === me && <span className="soft"> ({t.common.you.toLowerCase()})</span>}
        </p>
        <Notes person={person} />
      </div>
      {staff && person.present && person.quality === "poor" && (
        <span className="person-poor" title={t.people.poor}>
          <Icon name="signal" />
          <span className="unseen">{t.people.poor}</span>
        </span>
      )}
      {acts && (
        <MenuButton label={t.people.menuOf(name)} groups={groups}>
          <IconButton icon="more" size="small" label={t.people.menuOf(name)} place="person-menu" />
        </MenuButton>
      )}
      <Confirm
        open={asked === "remove"}
        title={t.people.removeTitle(name)}
        text={t.people.removeText}
        act={t.people.remove}
        danger
        onClose={ask(null)}
        onConfirm={() => void submit({ type: "participant.remove", userId: person.user })}
      />
      <Confirm
        open={asked === "ban"}
        title={t.people.banTitle(name)}
        text={t.people.banText}
        act={t.people.ban}
        danger
        onClose={ask(null)}
        onConfirm={() => void submit({ type: "participant.ban", userId: person.user })}
      />
      {asked === "rights" && <RightsOf user={person.user} onClose={ask(null)} />}
    </li>
  );
}

const MINUTE_MS = 60_000;

/** The role where it is a special one, then what was given, with the minutes left. */
function Notes({ person }: { person: Person }) {
  const t = useTexts();
  const { view } = useRoom();
  const now = api.now();
  const grants = grantsOf(view, person.user, now).map(({ permission, until }) => {
    const what = t.permissions[permission] ?? permission;
    return until === undefined ? t.people.may(what) : t.people.mayFor(what, Math.ceil((until - now) / MINUTE_MS));
  });
  const revoked = (view.rights?.revoked[person.user] ?? []).map((each) => t.people.mayNot(t.permissions[each] ?? each));
  const notes = [...(person.role === "participant" ? [] : [t.roles[person.role]]), ...grants, ...revoked];
  return notes.length === 0 ? null : <p className="person-notes soft">{notes.join(" · ")}</p>;
}
