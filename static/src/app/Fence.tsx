// Catches what must not happen: a page that breaks says so and offers to load again; nothing one wrote is lost by it.
import { Component, type ReactNode } from "react";
import { Empty } from "../design/Bits";
import { Button } from "../design/Button";
import { useTexts } from "../texts";

export class Fence extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const t = useTexts();
  return (
    <main className="page page-narrow">
      <Empty icon="warning" title={t.broken.title}>
        <p>{t.broken.text}</p>
        <Button look="primary" onPress={() => location.reload()}>
          {t.broken.again}
        </Button>
      </Empty>
    </main>
  );
}
