/** One task as one card that lives: only the parts whose data changed are drawn again, so a form in use stays. */

import { accountList } from "./account.js";
import { fork, rate, signal } from "./api.js";
import { approvalView } from "./approval.js";
import { arrange, focusKey, glyph, make, words } from "./dom.js";
import { versionView } from "./plan.js";
import { resultView } from "./result.js";
import { PlanSheet } from "./sheet.js";
import { stepsView } from "./steps.js";
import { say, sayError } from "./texts.js";

const PARTS = [
  ["head", (card) => [card.title, card.status, card.progress], head],
  ["notes", (card) => [card.banner, card.understood, card.limited, card.notice, card.paused, card.problem], notes],
  ["version", (card) => [card.version, card.changes, card.repeats], versionView],
  ["steps", null, null],
  ["approvals", null, null],
  ["account", (card) => card.account, (card) => card.account.map(accountList)],
  ["result", (card) => card.result, (card) => resultView(card)],
  ["foot", (card, sheet) => [card.actions, card.cost, card.planned_by, sheet.open], foot],
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
  const sheet = new PlanSheet(article, () => update({ body: latest }));
  const steps = stepsView(slots.steps, sheet);

  const update = ({ body }) => {
    latest = body;
    article.lang = body.locale;
    article.dir = body.direction;
    article.dataset.tone = body.status.tone;
    article.setAttribute("aria-label", `${say("card")}: ${body.title}`);
    sheet.update(body);
    for (const [name, data, draw] of PARTS) {
      if (!draw) continue;
      const text = JSON.stringify(data(body, sheet));
      if (drawn[name] === text) continue;
      drawn[name] = text;
      refill(slots[name], draw(body, sheet));
    }
    steps.update(body);
    syncApprovals(slots.approvals, blocks, body);
  };
  const redraw = () => {
    for (const name of Object.keys(drawn)) delete drawn[name];
    blocks.clear();
    steps.clear();
    update({ body: latest });
  };
  update(message);
  return { element, update, redraw };
}

/** Replace what a part shows; the button that had the focus gets it back, or the card where there is none any more. */
function refill(slot, content) {
  const held = slot.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  slot.replaceChildren(...[content].flat().filter(Boolean));
  if (held) focusKey(slot, held);
}

function syncApprovals(slot, blocks, card) {
  for (const approval of card.approvals) {
    const text = JSON.stringify(approval);
    if (blocks.get(approval.id)?.text !== text) blocks.set(approval.id, { text, element: approvalView(approval) });
  }
  const ids = card.approvals.map((approval) => approval.id);
  for (const id of [...blocks.keys()]) if (!ids.includes(id)) blocks.delete(id);
  arrange(
    slot,
    ids.map((id) => blocks.get(id).element),
  );
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

function foot(card, sheet) {
  if (!card.actions.length && !card.cost && !card.planned_by) return null;
  const problem = make("p", { class: "problem small", role: "alert", dir: "auto", hidden: true });
  const buttons = card.actions.map((action) => actionButton(card, action, problem, sheet));
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

function actionButton(card, action, problem, sheet) {
  const rating = action.action === "feedback";
  const plan = action.action === "plan";
  const act = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    problem.hidden = true;
    try {
      if (rating) await rate(card.id, action.rating);
      else if (plan) await sheet.toggle();
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
    "aria-expanded": plan ? String(sheet.open) : null,
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
