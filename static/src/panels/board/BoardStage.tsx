// The board's place on the stage. The board itself, with all it needs, comes when somebody opens it for the first time.
import { lazy, Suspense } from "react";
import { Fence } from "../../app/Fence";
import { Waiting } from "../../design/Bits";
import { useTexts } from "../../texts";

const Board = lazy(() => import("./Board"));

export function BoardStage({ id, featured }: { id: string; featured: boolean }) {
  const t = useTexts();
  return (
    <Fence>
      <Suspense fallback={<Waiting text={t.common.loading} />}>
        <Board id={id} featured={featured} />
      </Suspense>
    </Fence>
  );
}
