// Which page of the workbook and the courses stands at which address. They come together, when somebody first goes to one.
import { Frame } from "../../app/Frame";
import type { LearningPath } from "../../app/router";
import { AssignmentPage } from "./Assignment";
import { Certificates } from "./Certificates";
import { CoursePage } from "./Course";
import { Courses } from "./Courses";
import { Grading } from "./Grading";
import { LessonPage } from "./Lesson";
import { Privacy } from "./Privacy";
import { Recordings } from "./Recordings";
import { ReviewPage, Reviews } from "./Reviews";
import { SubmissionPage } from "./Submission";
import { Workbook } from "./Workbook";
import { WorkbookModule } from "./WorkbookModule";
import { WorkbookNotes } from "./WorkbookNotes";
import "./learning.css";

export interface LearningProps {
  path: LearningPath;
  ids: readonly string[];
  me: string;
}

export function Learning(props: LearningProps) {
  return (
    <Frame signedIn>
      <div className="learning" key={[props.path, ...props.ids].join()}>
        <At {...props} />
      </div>
    </Frame>
  );
}

function At({ path, ids: [one = "", two = ""], me }: LearningProps) {
  switch (path) {
    case "workbook":
      return <Workbook />;
    case "workbook/notes":
      return <WorkbookNotes me={me} />;
    case "workbook/recordings":
      return <Recordings />;
    case "workbook/modules/:":
      return <WorkbookModule id={one} />;
    case "courses":
      return <Courses me={me} />;
    case "courses/:":
      return <CoursePage id={one} me={me} />;
    case "courses/:/lessons/:":
      return <LessonPage course={one} id={two} me={me} />;
    case "courses/:/assignments/:":
      return <AssignmentPage course={one} id={two} me={me} />;
    case "grading":
      return <Grading me={me} />;
    case "submissions/:":
      return <SubmissionPage id={one} me={me} />;
    case "reviews":
      return <Reviews />;
    case "reviews/:":
      return <ReviewPage id={one} />;
    case "certificates":
      return <Certificates me={me} />;
    case "privacy":
      return <Privacy />;
  }
}
