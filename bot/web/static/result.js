/** What came of a task: what was found with its sources, the meeting, the agenda, lists. */

import { make, words } from "./dom.js";

/** Draw a card's result, or nothing. */
export function resultView(card) {
  const result = card.result;
  if (!result) return null;
  return [
    meeting(result.meeting),
    found(result, card.id),
    ...result.listings.map(listing),
    agenda(result.agenda),
    result.problems.length
      ? make(
          "ul",
          { class: "unread faint small" },
          result.problems.map((text) => make("li", { dir: "auto" }, text)),
        )
      : null,
  ];
}

function meeting(block) {
  if (!block) return null;
  return make(
    "section",
    { class: block.cancelled ? "block meeting off" : "block meeting" },
    make("h4", {}, block.heading),
    words("p", "meeting-title", block.title),
    make("p", { class: "meeting-when", dir: "auto" }, make("time", { datetime: block.starts }, block.when)),
    block.attendees.length
      ? make(
          "ul",
          { class: "people" },
          block.attendees.map((name) => make("li", { dir: "auto" }, name)),
        )
      : null,
    make(
      "p",
      { class: "faint small paths" },
      block.link && make("bdi", { class: "path" }, block.link),
      block.invitation && make("bdi", {}, block.invitation),
    ),
  );
}

function found(result, card) {
  if (!result.summary && !result.points.length) return null;
  const anchor = (number) => `s-${card}-${number}`;
  return make(
    "section",
    { class: "block found" },
    make("h4", {}, result.heading),
    result.summary ? prose(result.summary, result.sources, anchor) : null,
    result.points.length
      ? make(
          "ul",
          { class: "points" },
          result.points.map((point) =>
            make("li", { dir: "auto" }, point.text, point.source ? reference(point.source, anchor) : null),
          ),
        )
      : null,
    sources(result, anchor),
  );
}

/** Prose with its headings and bullets; `[n]` leads to source n, everything else of Markdown stays the text it is. */
function prose(text, sources, anchor) {
  const parts = [];
  for (const line of text.split("\n")) {
    const bullet = /^\s*[-*]\s+(.*)$/.exec(line);
    const heading = /^#{1,6}\s+(.*)$/.exec(line);
    if (bullet) {
      if (parts.at(-1)?.tagName !== "UL") parts.push(make("ul", { class: "points" }));
      parts.at(-1).append(make("li", { dir: "auto" }, referenced(bullet[1], sources, anchor)));
    } else if (heading) parts.push(words("p", "prose-heading", heading[1]));
    else if (line.trim()) parts.push(make("p", { class: "prose", dir: "auto" }, referenced(line, sources, anchor)));
  }
  return parts;
}

function referenced(text, sources, anchor) {
  return text.split(/(\s?\[\d{1,3}\])/).map((part) => {
    const number = Number(/^\s?\[(\d{1,3})\]$/.exec(part)?.[1]);
    return sources.some((source) => source.number === number) ? reference(number, anchor) : part;
  });
}

function reference(number, anchor) {
  return make(
    "a",
    { class: "reference", href: `#${anchor(number)}`, onclick: (event) => openSource(event, anchor(number)) },
    String(number),
  );
}

function openSource(event, id) {
  event.preventDefault();
  const line = document.getElementById(id);
  const fold = line?.closest("details");
  if (fold) fold.open = true;
  line?.scrollIntoView({ block: "nearest" });
  line?.focus({ preventScroll: true });
}

function sources(result, anchor) {
  if (!result.sources.length) return null;
  const lines = result.sources.map((source) =>
    make(
      "li",
      { id: anchor(source.number), tabindex: "-1", value: source.number },
      make("bdi", { class: "source-title" }, source.title),
      make(
        "span",
        { class: "faint small" },
        make("bdi", { class: "path" }, source.path),
        source.place && make("span", {}, ` · ${source.place}`),
      ),
      source.quote && words("q", "faint small quote", source.quote),
    ),
  );
  return make(
    "details",
    { class: "sources" },
    make("summary", {}, result.sources_heading, make("span", { class: "count" }, String(result.sources.length))),
    make("ol", {}, lines),
  );
}

function agenda(block) {
  if (!block) return null;
  return make(
    "section",
    { class: "block agenda" },
    make(
      "details",
      {},
      make("summary", {}, block.heading, make("bdi", { class: "agenda-title" }, block.title)),
      make("div", { class: "sheet" }, block.text.split("\n").map(markdownLine)),
    ),
    words("p", "faint small", block.saved),
  );
}

/** Headings and bullets get their look; everything else of Markdown stays the text it is. */
function markdownLine(text) {
  const heading = /^(#{1,6})\s+(.*)$/.exec(text);
  if (heading) return words("p", heading[1].length === 1 ? "h first" : "h", heading[2]);
  const bullet = /^(\s*)[-*]\s+(.*)$/.exec(text);
  if (bullet) return words("p", "bullet", bullet[2]);
  return words("p", "", text.trim());
}

function listing(block) {
  return make(
    "section",
    { class: `block listing kind-${block.kind}` },
    make("h4", {}, block.heading),
    block.rows.length ? make("ul", {}, block.rows.map(row)) : words("p", "faint", block.empty),
  );
}

function row(line) {
  return make(
    "li",
    {},
    make("p", { class: "row-title" }, make("bdi", {}, line.title)),
    line.detail || line.path
      ? make(
          "p",
          { class: "faint small" },
          line.detail && make("bdi", {}, line.detail),
          line.detail && line.path && " · ",
          line.path && make("bdi", { class: "path" }, line.path),
        )
      : null,
    words("p", "small snippet", line.text),
  );
}
