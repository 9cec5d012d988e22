// A new set of rooms: how many and how long, everything else with a good default behind "more choices".
import { useId, useState } from "react";
import { Button, IconButton } from "../../design/Button";
import { Choose, Field, Toggle } from "../../design/Field";
import { Notice } from "../../design/Bits";
import type { Assignment, CreateBreakouts, Late, Observing, Results } from "../../session/protocol";
import { useFormats, useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { makeSet, type Opening, openingOf } from "./makeSet";
import { OpeningFields, useOpening } from "./OpeningFields";
import { readList, ROOMS_MAX, roomsFor, sizesOf } from "./planning";
import { setsOf } from "./reading";

const WAYS: readonly Assignment[] = ["random", "balanced", "unseen", "self", "manual"];
/** In a room that people choose themselves; zero: no limit. */
const SEATS = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20];

export interface Terms {
  late: Late;
  observers: Observing;
  mayReturn: boolean;
  results: Results;
}

const TERMS: Terms = { late: "place", observers: "roam", mayReturn: false, results: "everyone" };

export function Prepare({ onMade }: { onMade(set: string): void }) {
  const t = useTexts();
  const { view, session, submit, nameOf } = useRoom();
  const formats = useFormats();
  const [opening, setOpening] = useOpening();
  const [rooms, setRooms] = useState<number | null>(null);
  const [way, setWay] = useState<Assignment>("random");
  const [seats, setSeats] = useState(0);
  const [terms, setTerms] = useState(TERMS);
  const [name, setName] = useState("");
  const [list, setList] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);

  const people = Object.values(view.people?.persons ?? {}).filter((each) => each.admitted);
  const placed = people.filter((each) => each.present && each.role === "participant");
  const wanted = rooms ?? roomsFor(placed.length);
  const [least, most] = sizesOf(placed.length, wanted);
  const limited = way === "self" && seats > 0;
  const read = list === null ? null : readList(list, people.map(({ user }) => ({ user, name: nameOf(user) })));

  const make = async (open: Opening | null) => {
    if (read !== null && (read.rooms.length < 2 || read.unknown.length + read.unclear.length > 0)) {
      setFault(
        read.unknown.length > 0
          ? t.breakouts.listUnknown(formats.list(read.unknown))
          : read.unclear.length > 0
            ? t.breakouts.listUnclear(formats.list(read.unclear))
            : t.breakouts.listNone,
      );
      return;
    }
    setFault(null);
    setBusy(true);
    const room = (n: number) => ({ name: t.breakouts.roomName(n), ...(limited ? { capacity: seats } : {}) });
    const given: Omit<CreateBreakouts, "type"> = {
      rooms: read?.rooms ?? Array.from({ length: wanted }, (_, index) => room(index + 1)),
      assignment: read === null ? way : "manual",
      name: name.trim() || t.breakouts.nameOfSet(setsOf(view.breakouts).length + 1),
      ...terms,
    };
    const made = await makeSet(session, given);
    setBusy(false);
    if (made === null) return;
    if (open === null) onMade(made);
    else void submit({ type: "breakout.open", setId: made, ...openingOf(open) });
  };
  return (
    <form
      className="prepare"
      onSubmit={(event) => {
        event.preventDefault();
        void make(opening);
      }}
    >
      <div className="prepare-row">
        {list === null && <HowMany rooms={wanted} onChange={setRooms} sizes={t.breakouts.sizes(least, most)} />}
        <OpeningFields opening={opening} onChange={setOpening} countdown={false} />
        {list === null && (
          <Choose
            label={t.breakouts.who}
            value={way}
            options={WAYS.map((value) => ({ value, label: t.breakouts.ways[value] }))}
            onChange={(next) => setWay(next)}
          />
        )}
        {list === null && way === "self" && (
          <Choose
            label={t.breakouts.seatsEach}
            value={String(seats)}
            options={SEATS.map((n) => ({ value: String(n), label: t.breakouts.seatsEachN(n) }))}
            onChange={(value) => setSeats(Number(value))}
          />
        )}
      </div>
      <p className="soft small">{list === null ? t.breakouts.waysText[way] : t.breakouts.listText}</p>
      {list === null && limited && seats * wanted < placed.length && (
        <Notice>{t.breakouts.tooFewSeats(seats * wanted, placed.length)}</Notice>
      )}
      <details className="prepare-more">
        <summary>{t.breakouts.details}</summary>
        <div className="stack">
          <Field
            label={t.breakouts.setName}
            value={name}
            onChange={setName}
            maxLength={200}
            hint={t.breakouts.setNameHint}
          />
          <TermFields terms={terms} onChange={setTerms} />
          <OpeningFields opening={opening} onChange={setOpening} minutes={false} />
          <Toggle on={list !== null} onChange={(on) => setList(on ? "" : null)}>
            {t.breakouts.fromList}
          </Toggle>
          {list !== null && (
            <Field
              label={t.breakouts.list}
              value={list}
              onChange={setList}
              rows={5}
              hint={t.breakouts.listHint}
              placeholder={t.breakouts.listExample}
            />
          )}
        </div>
      </details>
      {fault !== null && <Notice kind="fault">{fault}</Notice>}
      <div className="row wrap">
        <Button type="submit" look="primary" size="large" icon="play" isPending={busy}>
          {t.breakouts.openRooms}
        </Button>
        <Button look="edged" size="large" onPress={() => void make(null)} isPending={busy}>
          {t.breakouts.make}
        </Button>
      </div>
    </form>
  );
}

function HowMany(props: { rooms: number; sizes: string; onChange(rooms: number): void }) {
  const { rooms, sizes, onChange } = props;
  const t = useTexts();
  const id = useId();
  return (
    <div className="field" role="group" aria-labelledby={id}>
      <span className="label" id={id}>
        {t.breakouts.howMany}
      </span>
      <div className="how-many">
        <Button look="edged" aria-label={t.breakouts.fewer} isDisabled={rooms <= 1} onPress={() => onChange(rooms - 1)}>
          −
        </Button>
        <output className="how-many-number numbers">{rooms}</output>
        <IconButton
          icon="plus"
          look="edged"
          label={t.breakouts.more}
          isDisabled={rooms >= ROOMS_MAX}
          onPress={() => onChange(rooms + 1)}
        />
        <span className="soft small">{sizes}</span>
      </div>
    </div>
  );
}

export function TermFields({ terms, onChange }: { terms: Terms; onChange(terms: Terms): void }) {
  const t = useTexts();
  const among = <V extends string>(names: Record<V, string>) =>
    (Object.keys(names) as V[]).map((value) => ({ value, label: names[value] }));
  return (
    <>
      <Choose
        label={t.breakouts.late}
        value={terms.late}
        options={among(t.breakouts.lates)}
        onChange={(late) => onChange({ ...terms, late })}
      />
      <Choose
        label={t.breakouts.observers}
        value={terms.observers}
        options={among(t.breakouts.observerWays)}
        onChange={(observers) => onChange({ ...terms, observers })}
      />
      <Choose
        label={t.breakouts.resultsFor}
        value={terms.results}
        options={among(t.breakouts.resultsFors)}
        onChange={(results) => onChange({ ...terms, results })}
      />
      <Toggle on={terms.mayReturn} onChange={(mayReturn) => onChange({ ...terms, mayReturn })}>
        {t.breakouts.mayReturn}
      </Toggle>
    </>
  );
}
