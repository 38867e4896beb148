import { createElement } from "react";
import classes from "./Guide.module.css";
import { type Block, blocksOf, type Span } from "./markdown";

/** A template's own page. Its title stands above already. */
export function Guide({ text }: { text: string }) {
  const blocks = blocksOf(text).filter((one, at) => !(at === 0 && one.kind === "heading"));
  return (
    <div className={classes.guide}>
      {blocks.map((block, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the text of a released version never changes
        <One key={at} block={block} />
      ))}
    </div>
  );
}

function One({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      return createElement(
        block.level <= 2 ? "h3" : "h4",
        { className: classes.heading },
        <Spans of={block.spans} />,
      );
    case "paragraph":
      return (
        <p>
          <Spans of={block.spans} />
        </p>
      );
    case "code":
      // A person without a mouse scrolls it, too.
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
        <pre className={classes.code} tabIndex={0}>
          {block.text}
        </pre>
      );
    case "list":
      return createElement(
        block.numbered ? "ol" : "ul",
        { className: classes.list },
        keyed(block.items, "li"),
      );
    case "table":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
        <div className={classes.scroll} tabIndex={0}>
          <table className={classes.table}>
            <thead>
              <tr>{keyed(block.head, "th")}</tr>
            </thead>
            <tbody>
              {block.rows.map((row, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the text of a released version never changes
                <tr key={at}>{keyed(row, "td")}</tr>
              ))}
            </tbody>
          </table>
        </div>
      );
  }
}

const keyed = (all: readonly Span[][], tag: "li" | "th" | "td") =>
  all.map((spans, at) => createElement(tag, { key: `${at}` }, <Spans of={spans} />));

function Spans({ of }: { of: readonly Span[] }) {
  return of.map((span, at) => {
    const key = `${at}`;
    if (span.kind === "code") return <code key={key}>{span.text}</code>;
    return span.kind === "strong" ? (
      <strong key={key}>{span.text}</strong>
    ) : (
      <span key={key}>{span.text}</span>
    );
  });
}
