/** A question that waits for a person: exactly what will be written, and the ways to answer. */

import { decide } from "./api.js";
import { make, words } from "./dom.js";
import { callForm } from "./form.js";
import { say, sayError } from "./texts.js";

/** Draw one pending approval. */
export function approvalView(approval) {
  const title = make("h4", { dir: "auto", id: `a-${approval.id}` }, approval.title);
  const problem = make("p", { class: "problem small", role: "alert", dir: "auto", hidden: true });
  const body = make("div", { class: "approval-body" });
  const section = make(
    "section",
    { class: `approval kind-${approval.kind}`, "aria-labelledby": title.id },
    make("header", {}, title, words("p", "subject", approval.subject), words("p", "faint", approval.lead)),
    body,
    problem,
    words("p", "faint small expires", approval.expires),
  );
  const context = { approval, body, send: sender(approval, section, problem) };
  showQuestion(context);
  return section;
}

/** Sends a decision once; the buttons rest until the server has answered. */
function sender(approval, section, problem) {
  return async (decision) => {
    const controls = [...section.querySelectorAll("button, input, textarea")];
    controls.forEach((control) => (control.disabled = true));
    problem.hidden = true;
    section.setAttribute("aria-busy", "true");
    try {
      await decide(approval.id, decision);
    } catch (failure) {
      problem.textContent = sayError(failure) + (failure.status === 409 || !failure.detail ? "" : ` ${failure.detail}`);
      problem.hidden = false;
      controls.forEach((control) => (control.disabled = false));
    } finally {
      section.removeAttribute("aria-busy");
    }
  };
}

function showQuestion(context) {
  const { approval, body } = context;
  const answer = approval.buttons.find((button) => button.action === "answer");
  const others = approval.buttons.filter((button) => button !== answer);
  const parts = [fieldList(approval), buttonRow(context, others), answer && answerForm(context, answer, others)];
  body.replaceChildren(...parts.filter(Boolean));
}

function fieldList(approval) {
  if (!approval.fields.length) return null;
  const rows = approval.fields.map((field) =>
    make(
      "div",
      { class: field.known ? "field" : "field unheard" },
      make("dt", {}, make("bdi", {}, field.label)),
      make(
        "dd",
        { dir: "auto", class: field.input === "multiline" ? null : "short" },
        field.value,
        field.note && make("small", { class: "faint" }, field.note),
      ),
    ),
  );
  return make("dl", { class: "fields" }, rows);
}

/** A list where things are picked from; a row where the engine itself offers ways to go on. */
function buttonRow(context, buttons) {
  if (!buttons.length) return null;
  const choosing = buttons.some((button) => button.action === "choose");
  const look = !choosing ? "" : context.approval.topic ? " ways" : " choosing";
  return make(
    "div",
    { class: `buttons${look}` },
    buttons.map((button) => decisionButton(context, button)),
  );
}

function decisionButton(context, button) {
  const press = () => {
    if (button.action === "edit") return showForm(context);
    if (button.action === "change") return showChange(context);
    return context.send(decisionOf(button, context.approval));
  };
  return make(
    "button",
    {
      type: "button",
      class: button.action === "choose" && !context.approval.topic ? "choice" : button.tone,
      dir: "auto",
      onclick: press,
      "data-key": `${button.action}${button.choice}`,
    },
    button.label,
  );
}

function decisionOf(button, approval) {
  switch (button.action) {
    case "back":
      return { decision: "modify", arguments: { go_back: approval.back } };
    case "choose":
      return { decision: "choose", choice: button.choice };
    case "reject":
    case "drop":
      return { decision: "reject" };
    default:
      return { decision: "approve" };
  }
}

function showForm(context) {
  const done = (values) => context.send({ decision: "modify", arguments: values });
  const { element } = callForm(context.approval, { done, back: () => back(context), save: say("save") });
  swap(context.body, element);
}

function showChange(context) {
  const { approval } = context;
  const boxes = approval.drops.map((step) => make("input", { type: "checkbox", value: step.id, checked: true }));
  const text = make("textarea", {
    rows: 2,
    dir: "auto",
    placeholder: say("changed_placeholder"),
    "aria-label": say("changed"),
    maxlength: 2000,
  });
  const submit = (event) => {
    event.preventDefault();
    const drop = boxes.filter((box) => !box.checked).map((box) => box.value);
    const words = text.value.trim();
    if (drop.length || words)
      context.send({ decision: "modify", arguments: { ...(drop.length && { drop }), ...(words && { text: words }) } });
  };
  const lines = approval.drops.map((step, index) =>
    make("label", { class: "check" }, boxes[index], make("bdi", {}, step.title)),
  );
  const form = make(
    "form",
    { class: "edit", onsubmit: submit },
    make("fieldset", {}, make("legend", {}, say("drop_steps")), lines),
    make("label", { class: "edit-row" }, make("span", {}, say("changed")), text),
    make(
      "div",
      { class: "buttons" },
      make("button", { class: "primary" }, say("apply")),
      make("button", { type: "button", class: "plain", onclick: () => back(context) }, say("back")),
    ),
  );
  swap(context.body, form);
}

/** A place for one's own words; where answers are suggested above it, it is the smaller way. */
function answerForm(context, button, suggested) {
  const text = make("textarea", {
    rows: suggested.length ? 1 : 2,
    dir: "auto",
    required: true,
    "aria-label": say("answer"),
    placeholder: suggested.length ? say("own_answer") : null,
    maxlength: 4000,
  });
  const submit = (event) => {
    event.preventDefault();
    if (text.value.trim()) context.send({ decision: "answer", answer: text.value.trim() });
  };
  return make(
    "form",
    { class: suggested.length ? "edit own" : "edit", onsubmit: submit },
    text,
    make("div", { class: "buttons" }, make("button", { class: suggested.length ? "plain" : "primary" }, button.label)),
  );
}

function swap(body, form) {
  body.replaceChildren(form);
  form.querySelector("input, textarea")?.focus();
}

function back(context) {
  showQuestion(context);
  context.body.querySelector("[data-key='edit'], [data-key='change']")?.focus();
}
