// Formatted text as the server cleaned it, drawn as elements of our own: no markup reaches the browser.
import { createElement, Fragment, type ReactNode, useMemo } from "react";
import { type Piece, piecesOf } from "../../notes/words";
import "./notes.css";

/** Headings of a text stand under those of the page. */
const AS: Readonly<Record<string, string>> = { h1: "h3", h2: "h4", h3: "h5", h4: "h6" };

export function RichText({ html }: { html: string }) {
  const pieces = useMemo(() => piecesOf(html), [html]);
  return <div className="rich words">{drawn(pieces)}</div>;
}

function drawn(pieces: readonly Piece[]): ReactNode {
  return pieces.map((piece, index) => {
    if (typeof piece === "string") return <Fragment key={index}>{piece}</Fragment>;
    const link = piece.href === undefined ? {} : { href: piece.href, rel: "noopener noreferrer" };
    const inside = piece.tag === "br" || piece.tag === "hr" ? [] : [drawn(piece.inside)];
    return createElement(AS[piece.tag] ?? piece.tag, { key: index, ...link }, ...inside);
  });
}
