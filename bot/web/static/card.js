/** One task as one card that lives: only the parts whose data changed are drawn again, so a form in use stays. */

import { accountList } from "./account.js";
import { fork, rate, signal } from "./api.js";
import { approvalView } from "./approval.js";
import { glyph, make, words } from "./dom.js";
import { versionView } from "./plan.js";
import { resultView } from "./result.js";
import { say, sayError } from "./texts.js";

const PARTS = [
  ["head", (card) => [card.title, card.status, card.progress], head],
  ["notes", (card) => [card.banner, card.understood, card.limited, card.notice, card.paused, card.problem], notes],
  ["version", (card) => [card.version, card.changes, card.repeats], versionView],
  ["steps", (card) => [card.steps, card.more], steps],
  ["approvals", (card) => card.approvals, null],
  ["account", (card) => card.account, (card) => card.account.map(accountList)],
  ["result", (card) => card.result, (card) => resultView(card)],
  ["foot", (card) => [card.actions, card.cost, card.planned_by], foot],
];

/** A view of a card message: `element`, `update(message)` and `redraw()` (after the page's language changed). */
export function cardView(message) {
  const article = make("article", {
    class: "card",
    tabindex: "-1",
    "aria-live": "off",
    "data-execution": message.execution_id,
  });
  const element = make("li", { class: "line tizmor wide" }, article);
  const slots = Object.fromEntries(PARTS.map(([name]) => [name, make("div", { class: `part ${name}` })]));
  article.append(...Object.values(slots));
  const drawn = {};
  const blocks = new Map();
  let latest = message.body;

  const update = ({ body }) => {
    latest = body;
    article.lang = body.locale;
    article.dir = body.direction;
    article.dataset.tone = body.status.tone;
    article.setAttribute("aria-label", `${say("card")}: ${body.title}`);
    for (const [name, data, draw] of PARTS) {
      const text = JSON.stringify(data(body));
      if (drawn[name] === text) continue;
      drawn[name] = text;
      if (draw) refill(slots[name], draw(body));
      else syncApprovals(slots[name], blocks, body);
    }
  };
  const redraw = () => {
    for (const name of Object.keys(drawn)) delete drawn[name];
    blocks.clear();
    update({ body: latest });
  };
  update(message);
  return { element, update, redraw };
}

/** Replace what a part shows; the button that had the focus gets it back. */
function refill(slot, content) {
  const held = slot.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  slot.replaceChildren(...[content].flat().filter(Boolean));
  if (held) [...slot.querySelectorAll("[data-key]")].find((other) => other.dataset.key === held)?.focus();
}

function syncApprovals(slot, blocks, card) {
  for (const approval of card.approvals) {
    const text = JSON.stringify(approval);
    if (blocks.get(approval.id)?.text !== text) blocks.set(approval.id, { text, element: approvalView(approval) });
  }
  const ids = card.approvals.map((approval) => approval.id);
  for (const id of [...blocks.keys()]) if (!ids.includes(id)) blocks.delete(id);
  const wanted = ids.map((id) => blocks.get(id).element);
  for (const child of [...slot.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((element, index) => {
    if (slot.children[index] !== element) slot.insertBefore(element, slot.children[index] ?? null);
  });
}

function head(card) {
  const { progress, status } = card;
  return [
    make(
      "div",
      { class: "title-row" },
      words("h3", "title", card.title),
      make(
        "span",
        { class: `status tone-${status.tone}` },
        make("span", { class: "dot", "aria-hidden": "true" }),
        status.label,
      ),
    ),
    progress &&
      make(
        "div",
        { class: "progress-row" },
        make("progress", { max: progress.total, value: progress.done, "aria-label": progress.label }),
        make("span", { class: "faint" }, progress.label),
      ),
  ];
}

function notes(card) {
  return [
    words("p", "banner", card.banner),
    words("p", "understood", card.understood),
    words("p", "faint limited", card.limited),
    words("p", "faint", card.notice),
    card.paused && make("div", { class: "held", role: "note" }, glyph("paused"), words("p", "", card.paused)),
    card.problem &&
      make(
        "div",
        { class: "fault", role: "note" },
        words("p", "", card.problem.text),
        words("p", "faint small", card.problem.detail),
      ),
  ];
}

function steps(card) {
  if (!card.steps.length && !card.more) return null;
  const lines = card.steps.map((step, index) => stepLine(step, card.steps, index));
  return make("ol", { class: "steps", "aria-label": say("steps") }, lines, card.more && moreLine(card.more));
}

/** The place where the next step of a plan will appear, while it is still being made. */
function moreLine(text) {
  const dots = make("span", { class: "typing", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
  return make("li", { class: "step is-coming" }, make("span", { class: "mark-of" }, dots), words("p", "faint small", text));
}

function stepLine(step, all, index) {
  const same = (other) => other && other.level === step.level;
  const group = same(all[index - 1]) ? (same(all[index + 1]) ? "middle" : "last") : same(all[index + 1]) ? "first" : "";
  const quietly = step.icon === "pending" || step.icon === "ready";
  return make(
    "li",
    { class: `step is-${step.icon}`, "data-group": group || null },
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
  );
}

function price(text) {
  return make("bdi", { class: "price" }, text);
}

function tag(step) {
  return make("span", { class: "tag" }, glyph("pencil"), step.asks);
}

function foot(card) {
  if (!card.actions.length && !card.cost && !card.planned_by) return null;
  const problem = make("p", { class: "problem small", role: "alert", dir: "auto", hidden: true });
  const buttons = card.actions.map((action) => actionButton(card, action, problem));
  return [
    make(
      "div",
      { class: "foot-row" },
      make("div", { class: "faint small sums" }, words("p", "cost", card.cost), words("p", "", card.planned_by)),
      make("div", { class: "actions" }, buttons),
    ),
    problem,
  ];
}

function actionButton(card, action, problem) {
  const rating = action.action === "feedback";
  const act = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    problem.hidden = true;
    try {
      if (rating) await rate(card.id, action.rating);
      else if (action.action === "retry") await fork(card.id);
      else await signal(card.id, action.action);
      if (rating) chosen(button);
    } catch (failure) {
      problem.textContent = sayError(failure);
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
  };
  const properties = {
    type: "button",
    class: rating ? "round" : `quiet ${action.tone}`,
    onclick: act,
    "data-key": `${action.action}${action.rating}`,
  };
  if (!rating) return make("button", properties, action.label);
  return make(
    "button",
    { ...properties, "aria-label": action.label, title: action.label, "aria-pressed": action.chosen },
    glyph(action.rating > 0 ? "good" : "bad"),
  );
}

function chosen(button) {
  for (const other of button.parentElement.querySelectorAll(".round"))
    other.setAttribute("aria-pressed", other === button);
}
