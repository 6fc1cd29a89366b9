/** Which version of the plan is shown, and what it made different from the one before. */

import { glyph, make, words } from "./dom.js";

const MARKS = { added: "+", dropped: "−", changed: "✎", again: "↻" };

/** Nothing for a first version; else a line, and a chip for each thing that changed. */
export function versionView(card) {
  const warning =
    card.repeats && make("div", { class: "held", role: "note" }, glyph("unknown"), words("p", "", card.repeats));
  if (!card.version) return warning || null;
  const chips = card.changes.map((change) =>
    make(
      "li",
      { class: `change is-${change.kind}` },
      make("span", { "aria-hidden": "true" }, MARKS[change.kind] ?? ""),
      make("bdi", { "aria-hidden": "true" }, change.text),
      make("span", { class: "hidden-words" }, change.said),
    ),
  );
  return [
    make("p", { class: "faint small" }, make("bdi", {}, card.version)),
    chips.length ? make("ul", { class: "changes" }, chips) : null,
    warning,
  ];
}
