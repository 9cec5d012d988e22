// Which beginning to take.
import { Button } from "../../design/Button";
import { Overlay } from "../../design/Overlay";
import { useBoardTexts } from "../../texts/board";
import { TEMPLATES, type TemplateName } from "./templates";

export function Templates({ onPick, onClose }: { onPick(name: TemplateName): void; onClose(): void }) {
  const b = useBoardTexts();
  return (
    <Overlay open onClose={onClose} title={b.template}>
      <ul role="list" className="board-templates">
        {TEMPLATES.map((name) => (
          <li key={name}>
            <Button
              look="edged"
              place="board-template"
              onPress={() => {
                onPick(name);
                onClose();
              }}
            >
              <span>{b.templates[name]}</span>
              <span className="soft small">{b.templateHints[name]}</span>
            </Button>
          </li>
        ))}
      </ul>
    </Overlay>
  );
}
