// Who takes part in a course and how far they are, for its staff: as bars, with the certificate for whoever has completed it.
import { useActing } from "../../app/acting";
import { useLoaded } from "../../app/asked";
import { api } from "../../app/client";
import { all, changeNow, type Certificate, type Course, type Enrollment } from "../../app/learning";
import { Empty, Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { MenuButton } from "../../design/Menu";
import { IconButton } from "../../design/Button";
import { useFormats, useTexts } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { Meter, Part, Shown } from "./Parts";

export function Enrolled({ course }: { course: Course }) {
  const l = useLearningTexts();
  const t = useTexts();
  const asked = useLoaded(async () => {
    const [enrolled, certificates] = await Promise.all([
      all<Enrollment>(`/bootcamp/enrollments?courseId=${course.id}`),
      all<Certificate>(`/bootcamp/certificates?courseId=${course.id}&isRevoked=false`),
    ]);
    return { ...enrolled, certified: new Set(certificates.items.map((each) => each.userId)) };
  }, [course.id]);
  return (
    <Part title={l.people.title}>
      <Shown asked={asked}>
        {({ items, people, certified }) =>
          items.length === 0 ? (
            <Empty icon="people" title={l.people.none}>
              {course.published ? l.people.noneText : l.people.noneDraft}
            </Empty>
          ) : (
            <ul role="list" className="people-bars">
              {items.map((each) => (
                <Row
                  key={each.id}
                  enrollment={each}
                  name={people[each.userId]?.name ?? t.common.someone}
                  certified={certified.has(each.userId)}
                  again={asked.again}
                />
              ))}
            </ul>
          )
        }
      </Shown>
    </Part>
  );
}

interface RowProps {
  enrollment: Enrollment;
  name: string;
  certified: boolean;
  again(): void;
}

function Row({ enrollment, name, certified, again }: RowProps) {
  const l = useLearningTexts();
  const formats = useFormats();
  const { busy, fault, act } = useActing();
  const { enrollmentStatus: status, lastAccessedAt: seen } = enrollment;
  const issue = () =>
    void act(async () => {
      await api.post("/bootcamp/certificates", { userId: enrollment.userId, courseId: enrollment.courseId });
      again();
    });
  const suspend = (next: "suspended" | "in_progress" | "enrolled") =>
    void act(async () => {
      await changeNow(`/bootcamp/enrollments/${enrollment.id}`, { enrollmentStatus: next });
      again();
    });
  const began = enrollment.progressPercentage > 0;
  return (
    <li className="people-row">
      <span className="words">
        <strong>{name}</strong>
        <span className="soft small people-state">
          {l.enrolment[status]}
          {seen !== undefined && ` · ${l.people.seen(formats.moment(seen))}`}
        </span>
      </span>
      <Meter percent={enrollment.progressPercentage} label={l.people.progressOf(name)} />
      <span className="row people-acts">
        {status === "completed" && !certified && (
          <Button size="small" look="edged" isPending={busy} onPress={issue}>
            {l.people.certify}
          </Button>
        )}
        {certified && <span className="soft small">{l.people.certified}</span>}
        {status !== "completed" && status !== "dropped" && (
          <MenuButton
            label={l.people.menuOf(name)}
            groups={[
              {
                acts: [
                  status === "suspended"
                    ? { id: "back", label: l.people.letIn, icon: "check", run: () => suspend(began ? "in_progress" : "enrolled") }
                    : { id: "suspend", label: l.people.suspend, icon: "lock", run: () => suspend("suspended") },
                ],
              },
            ]}
          >
            <IconButton icon="more" size="small" label={l.people.menuOf(name)} />
          </MenuButton>
        )}
      </span>
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
    </li>
  );
}
