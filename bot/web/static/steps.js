/** The steps of a plan as lines. Only a line whose data changed is drawn again, and a form below it stays as it is. */

import { arrange, focusKey, glyph, make, words } from "./dom.js";
import { say } from "./texts.js";

/** A view of a card's steps in a part of it: `update(card)`, and `clear()` before everything is drawn anew. */
export function stepsView(slot, sheet) {
  const list = make("ol", { class: "steps" });
  const drawn = new Map();

  const kept = (id, data, parts) => {
    const text = JSON.stringify(data);
    const known = drawn.get(id);
    if (known?.text === text) return known;
    const line = { text, element: known?.element ?? make("li"), parts: parts().filter(Boolean) };
    drawn.set(id, line);
    return line;
  };
  const stepItem = (step, index, all) => {
    const ways = sheet.ways(step);
    const { element, parts } = kept(step.id, [step, ways], () => [...lineParts(step), sheet.buttons(step, ways)]);
    element.className = `step is-${step.icon}`;
    element.dataset.group = groupOf(step, all, index);
    arrange(element, [...parts, ...sheet.below(step)]);
    return element;
  };
  const update = (card) => {
    const focused = slot.contains(document.activeElement) ? document.activeElement : null;
    list.setAttribute("aria-label", say("steps"));
    const lines = card.steps.map(stepItem);
    const known = new Set(card.steps.map((step) => step.id));
    for (const id of [...drawn.keys()]) if (!known.has(id)) drawn.delete(id);
    arrange(list, card.more ? [...lines, moreLine(card.more)] : lines);
    arrange(slot, [list.children.length ? list : null, sheet.foot(card)].filter(Boolean));
    if (focused && !slot.contains(document.activeElement)) focusKey(slot, focused.dataset.key ?? "");
  };
  return { update, clear: () => drawn.clear() };
}

/** The place where the next step of a plan will appear, while it is still being made. */
function moreLine(text) {
  const dots = make("span", { class: "typing", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
  return make("li", { class: "step is-coming" }, make("span", { class: "mark-of" }, dots), words("p", "faint small", text));
}

/** Where a step stands among those of its level, which can run at the same time. */
function groupOf(step, all, index) {
  const same = (other) => other && other.level === step.level;
  return same(all[index - 1]) ? (same(all[index + 1]) ? "middle" : "last") : same(all[index + 1]) ? "first" : "";
}

function lineParts(step) {
  const quietly = step.icon === "pending" || step.icon === "ready";
  return [
    make(
      "span",
      { class: "mark-of" },
      quietly ? make("span", { class: "ordinal", "aria-hidden": "true" }, String(step.number)) : glyph(step.icon),
    ),
    make(
      "div",
      { class: "step-body" },
      make(
        "p",
        { class: "step-title" },
        make("bdi", {}, step.title),
        step.touches_world && step.asks ? tag(step) : null,
      ),
      make(
        "p",
        { class: "step-line" },
        make("span", { class: quietly ? "hidden-words" : "step-status" }, step.status),
        step.note && make("bdi", { class: "step-note" }, step.note),
        step.after_text && quietly ? make("span", { class: "faint" }, step.after_text) : null,
        step.thinks ? make("span", { class: "thinks" }, glyph("spark"), step.thinks) : null,
      ),
      step.error &&
        make("div", { class: "step-error" }, words("p", "", step.error), words("p", "faint small", step.error_detail)),
    ),
    step.elapsed || step.cost
      ? make("span", { class: "elapsed" }, step.elapsed && make("bdi", {}, step.elapsed), step.cost && price(step.cost))
      : null,
  ];
}

function price(text) {
  return make("bdi", { class: "price" }, text);
}

function tag(step) {
  return make("span", { class: "tag" }, glyph("pencil"), step.asks);
}
