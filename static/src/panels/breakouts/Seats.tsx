// People as they sit in places, each place a list: dragged from one to the other with the pointer or the keyboard, or moved by
// the menu beside a name; several at once when they are chosen first. Knows neither plans nor open rooms.
import { type ReactNode, useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { GridList, GridListItem } from "react-aria-components/GridList";
import { isTextDropItem, useDragAndDrop } from "react-aria-components/useDragAndDrop";
import { IconButton } from "../../design/Button";
import { MenuButton } from "../../design/Menu";
import { useTexts } from "../../texts";

export interface Seated {
  user: string;
  name: string;
  /** Beside the name, as "not here". */
  note?: string;
}

export interface SeatPlace {
  /** Null: in no room. */
  id: string | null;
  name: string;
  people: readonly Seated[];
  /** Said when nobody is there. */
  empty: string;
  head?: ReactNode;
  foot?: ReactNode;
  urgent?: boolean;
}

export interface SeatsProps {
  places: readonly SeatPlace[];
  onMove(users: string[], to: string | null): void;
}

export function Seats({ places, onMove }: SeatsProps) {
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const move = (users: string[], to: string | null) => {
    const there = new Set(places.find((each) => each.id === to)?.people.map((each) => each.user));
    const moved = users.filter((each) => !there.has(each));
    choose(new Set());
    if (moved.length > 0) onMove(moved, to);
  };
  return (
    <div className="seats">
      {places.map((place) => (
        <PlaceCard key={place.id ?? ""} place={place} places={places} chosen={chosen} choose={choose} move={move} />
      ))}
    </div>
  );
}

interface PlaceCardProps {
  place: SeatPlace;
  places: readonly SeatPlace[];
  chosen: ReadonlySet<string>;
  choose(chosen: ReadonlySet<string>): void;
  move(users: string[], to: string | null): void;
}

const PERSON = "application/x-atelier-person";

function PlaceCard({ place, places, chosen, choose, move }: PlaceCardProps) {
  const { dragAndDropHooks } = useDragAndDrop({
    getItems: (keys) => [...keys].map((key) => ({ [PERSON]: String(key) })),
    acceptedDragTypes: [PERSON],
    getDropOperation: () => "move",
    shouldAcceptItemDrop: () => false,
    onRootDrop: async ({ items }) => {
      const users = await Promise.all(items.filter(isTextDropItem).map((each) => each.getText(PERSON)));
      move(users, place.id);
    },
  });
  const own = place.people.map((each) => each.user);
  return (
    <section className={`seat-card ${place.urgent === true ? "seat-card-urgent" : ""}`} aria-label={place.name}>
      <header className="seat-head">
        <h3 className="grow words">{place.name}</h3>
        <span className="numbers soft">{place.people.length}</span>
        {place.head}
      </header>
      <GridList
        className="seat-list"
        aria-label={place.name}
        items={place.people.map((each) => ({ ...each, id: each.user }))}
        selectionMode="multiple"
        selectedKeys={own.filter((each) => chosen.has(each))}
        onSelectionChange={(keys) => {
          const now = keys === "all" ? own : [...keys].map(String);
          choose(new Set([...[...chosen].filter((each) => !own.includes(each)), ...now]));
        }}
        dragAndDropHooks={dragAndDropHooks}
        renderEmptyState={() => <p className="soft small seat-empty">{place.empty}</p>}
        dependencies={[places, chosen]}
      >
        {(person) => (
          <SeatRow
            person={person}
            from={place.id}
            places={places}
            several={chosen.has(person.user) ? [...chosen] : [person.user]}
            move={move}
          />
        )}
      </GridList>
      {place.foot}
    </section>
  );
}

interface SeatRowProps {
  person: Seated;
  from: string | null;
  places: readonly SeatPlace[];
  /** Those who are moved with this person: the chosen ones, if it is one of them. */
  several: string[];
  move(users: string[], to: string | null): void;
}

function SeatRow({ person, from, places, several, move }: SeatRowProps) {
  const t = useTexts();
  const label = several.length > 1 ? t.breakouts.moveMany(several.length) : t.breakouts.move(person.name);
  return (
    <GridListItem id={person.user} textValue={person.name} className="seat">
      <AriaButton slot="drag" className="seat-drag" aria-label={t.breakouts.drag(person.name)}>
        <span aria-hidden="true">⠿</span>
      </AriaButton>
      <span className="grow clip">{person.name}</span>
      {person.note !== undefined && <span className="soft small">{person.note}</span>}
      <MenuButton
        label={label}
        groups={[
          {
            heading: several.length > 1 ? label : t.breakouts.moveTo,
            acts: places
              .filter((each) => each.id !== from || several.length > 1)
              .map((each) => ({ id: each.id ?? "-", label: each.name, run: () => move(several, each.id) })),
          },
        ]}
      >
        <IconButton icon="more" size="small" label={label} />
      </MenuButton>
    </GridListItem>
  );
}
