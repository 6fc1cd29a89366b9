/** Taking back what a task did: a button while that can be done, and the question what exactly it would take back. */

import { undo } from "./api.js";
import { glyph, make, words } from "./dom.js";
import { sayError } from "./texts.js";

/** What stands beside the end of a task: the way to take it back, or that it was taken back; nothing after its time. */
export function undoView(body, execution) {
  if (body.undone) return make("p", { class: "undone faint small" }, glyph("undo"), make("bdi", {}, body.undone));
  const left = body.undo ? Date.parse(body.undo.until) - Date.now() : 0;
  if (!body.undo || !execution || left <= 0) return null;
  const element = make("div", { class: "undo" });
  const open = make("button", { class: "quiet plain", type: "button", "aria-expanded": "false" }, glyph("undo"), body.undo.label);
  const question = ask(body.undo, execution, () => show(false));
  const show = (wanted) => {
    question.hidden = !wanted;
    open.setAttribute("aria-expanded", String(wanted));
    if (wanted) question.querySelector("button").focus();
    else open.focus();
  };
  open.addEventListener("click", () => show(question.hidden));
  element.append(open, question);
  setTimeout(() => element.remove(), left);
  return element;
}

function ask(offer, execution, close) {
  const problem = make("p", { class: "problem small", role: "alert", dir: "auto", hidden: true });
  const act = async ({ currentTarget: button }) => {
    button.disabled = true;
    problem.hidden = true;
    try {
      await undo(execution);
      close();
    } catch (failure) {
      problem.textContent = sayError(failure);
      problem.hidden = false;
      button.disabled = false;
    }
  };
  return make(
    "section",
    { class: "undo-question", "aria-label": offer.heading, hidden: true, onkeydown: (event) => event.key === "Escape" && close() },
    words("h4", "", offer.heading),
    make("ul", { class: "points" }, offer.lines.map((line) => make("li", { dir: "auto" }, line))),
    words("p", "faint small", offer.note),
    make(
      "div",
      { class: "buttons" },
      make("button", { class: "primary", type: "button", onclick: act }, offer.yes),
      make("button", { class: "plain", type: "button", onclick: close }, offer.no),
    ),
    problem,
  );
}
