// Shows the small markdown as elements.
import type { ReactNode } from "react";
import { blocksOf, type Inline } from "./markup";

export function MarkupText({ text }: { text: string }) {
  return (
    <>
      {blocksOf(text).map((block, index) =>
        block.kind === "lines" ? (
          <p key={index}>
            {block.lines.map((line, at) => (
              <span key={at}>
                {at > 0 && <br />}
                {inline(line)}
              </span>
            ))}
          </p>
        ) : block.ordered ? (
          <ol key={index}>{items(block.items)}</ol>
        ) : (
          <ul key={index}>{items(block.items)}</ul>
        ),
      )}
    </>
  );
}

const items = (all: Inline[][]): ReactNode => all.map((item, index) => <li key={index}>{inline(item)}</li>);

function inline(parts: Inline[]): ReactNode {
  return parts.map((part, index) => {
    switch (part.kind) {
      case "text":
        return part.text;
      case "code":
        return <code key={index}>{part.text}</code>;
      case "bold":
        return <strong key={index}>{inline(part.parts)}</strong>;
      case "italic":
        return <em key={index}>{inline(part.parts)}</em>;
      case "link":
        return (
          <a key={index} href={part.href} title={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {inline(part.parts)}
          </a>
        );
    }
  });
}
