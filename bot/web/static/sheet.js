/** Changing a plan by tapping: what can be done to a step stands beside it, and it is edited right below its own line. */

import { editPlan, newId, Problem, stepForm } from "./api.js";
import { focusKey, make, words } from "./dom.js";
import { callForm } from "./form.js";
import { wordsIn } from "./texts.js";

/** `data-key` of the button that opens and closes the sheet. */
export const OPENS = "plan0";

/** What a card says of the steps of its plan while a person changes it, in the card's language; closed at first. */
export class PlanSheet {
  #article;
  #redraw;
  #card = null;
  #tell = null;
  #busy = false;
  #forms = new Map();
  #said = null;
  #taken = 0;
  #foot = { text: "", element: make("div", { class: "sheet-foot" }) };

  open = false;

  /**
   * @param {HTMLElement} article the card
   * @param {() => void} redraw draws the card again
   */
  constructor(article, redraw) {
    this.#article = article;
    this.#redraw = redraw;
    article.addEventListener("keydown", (event) => this.#escape(event));
  }

  /** Open it, or close it with whatever is being written. */
  async toggle() {
    if (this.open) return this.#close();
    this.#tell = await wordsIn(this.#card.locale);
    this.open = true;
    this.#said = null;
    this.#taken = 0;
    this.#redraw();
    this.#article.querySelector(".step-ways button")?.focus();
  }

  /** Take note of the card as it is now, before it is drawn: what has come to nothing closes, and says why. */
  update(card) {
    this.#card = card;
    const over = !card.actions.some(({ action }) => action === "cancel");
    if (over || card.plan_version !== this.#taken) this.#taken = 0;
    if (this.#said) this.#outlive(this.#said, over);
    for (const [id, form] of this.#forms) {
      const step = stepOf(card, id);
      if (form.sending || step?.ways.includes("edit")) continue;
      this.#forms.delete(id);
      this.#say(id, { code: whyGone(step, over) });
    }
    if (this.open && !card.steps.some((step) => step.ways.length)) this.open = false;
  }

  /** What the buttons of a step depend on, besides the step. */
  ways(step) {
    return this.open && [this.#forms.has(step.id), this.#busy];
  }

  /** The buttons beside a step; null for none. */
  buttons(step) {
    if (!this.open || !step.ways.length) return null;
    const acts = { edit: () => this.#edit(step), retry: () => this.#retry(step), drop: () => this.#drop(step) };
    const button = (way) => {
      const label = this.#tell(`sheet.${way}`);
      return make(
        "button",
        {
          type: "button",
          class: `way is-${way}`,
          "aria-label": `${label}: ${step.title}`,
          "aria-expanded": way === "edit" ? String(this.#forms.has(step.id)) : null,
          "aria-disabled": this.#busy ? "true" : null,
          "data-key": `${way}:${step.id}`,
          onclick: () => this.#busy || acts[way](),
        },
        label,
      );
    };
    return make("div", { class: "step-ways" }, step.ways.filter((way) => way in acts).map(button));
  }

  /** What stands below a step's line: what there is to say about it, and its form. */
  below(step) {
    const said = this.#said?.step === step.id ? this.#said.element : null;
    return [said, this.#forms.get(step.id)?.element].filter(Boolean);
  }

  /** What stands below all steps; null for nothing. */
  foot() {
    const lost = this.#said && !stepOf(this.#card, this.#said.step);
    const text = JSON.stringify([this.open, lost && this.#said.text, this.#taken]);
    if (text !== this.#foot.text) {
      const parts = [
        lost ? this.#said.element : null,
        this.#taken ? make("p", { class: "taken small", role: "status", dir: "auto" }, this.#tell("sheet.taken")) : null,
        this.open ? words("p", "faint small", this.#tell("sheet.note")) : null,
        this.open ? this.#closer() : null,
      ];
      this.#foot.element.replaceChildren(...parts.filter(Boolean));
      this.#foot.text = text;
    }
    return this.#foot.element.children.length ? this.#foot.element : null;
  }

  #closer() {
    const close = () => this.#close();
    return make("button", { type: "button", class: "quiet", "data-key": "close", onclick: close }, this.#tell("sheet.close"));
  }

  #close() {
    this.open = false;
    this.#said = null;
    this.#forms.clear();
    this.#redraw();
    focusKey(this.#article, OPENS);
  }

  #escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !this.open) return;
    if (!event.target.closest(".part.steps, .part.foot")) return;
    event.preventDefault();
    this.#close();
  }

  #say(step, failure) {
    const text = this.#refusal(failure);
    const element = make("p", { class: "problem small said", role: "alert", dir: "auto" }, text);
    this.#said = { step, code: failure.code, text, element, version: this.#card.plan_version };
  }

  /** What was said holds until things are otherwise. */
  #outlive({ step, code, version }, over) {
    const since = this.#card.plan_version - version;
    if (over || since > 1) this.#said = null;
    else if (since && code === "plan_changing") {
      this.#said = null;
      if (!stepOf(this.#card, step)) this.#say(step, { code: "step_replaced" });
    }
  }

  /** Do one thing at a time; what goes wrong is said at the step. */
  async #attempt(step, work) {
    this.#busy = true;
    this.#said = null;
    this.#redraw();
    try {
      await work();
    } catch (failure) {
      this.#say(step.id, failure);
    } finally {
      this.#busy = false;
      this.#redraw();
    }
  }

  /** A step that was on the card a moment ago, and is unknown now, has been changed. */
  #refusal(failure) {
    if (failure.code === "plan_empty") return this.#tell("sheet.stays");
    return this.#tell.error(failure.code === "step_unknown" ? { code: "step_replaced" } : failure);
  }

  #drop(step) {
    return this.#change(step, "drop", { drop: [step.id] });
  }

  #retry(step) {
    return this.#change(step, "retry", { retry: step.id });
  }

  /** The same way of the same step in the same version is one delivery, however often it is sent. */
  #change(step, way, edit) {
    const { id, plan_version: version } = this.#card;
    return this.#attempt(step, async () => {
      await editPlan(id, edit, `plan:${id}:${version}:${way}:${step.id}`);
      this.#took(version);
    });
  }

  /** A change was taken: nothing more is to be pressed here until the new version is there, but a form in use stays. */
  #took(version) {
    if (this.#card.plan_version === version) this.#taken = version;
    if (this.#forms.size) return;
    const here = this.#article.contains(document.activeElement) || document.activeElement === document.body;
    this.open = false;
    this.#redraw();
    if (here) focusKey(this.#article, OPENS);
  }

  async #edit(step) {
    if (!this.#forms.has(step.id)) {
      await this.#attempt(step, async () => {
        const asked = await stepForm(this.#card.id, step.id);
        if (this.open && stepOf(this.#card, step.id)?.ways.includes("edit")) this.#forms.set(step.id, this.#form(step, asked));
      });
    }
    this.#forms.get(step.id)?.element.querySelector("input, textarea, select, button")?.focus();
  }

  #form(step, asked) {
    const form = { sending: false, element: null };
    const problem = make("p", { class: "problem small", role: "alert", dir: "auto", hidden: true });
    const back = () => {
      this.#forms.delete(step.id);
      this.#redraw();
      focusKey(this.#article, `edit:${step.id}`, OPENS);
    };
    const send = this.#sender(step, form, asked, problem);
    const { element, blame } = callForm(asked, { done: send, back, save: this.#tell("sheet.save"), tell: this.#tell });
    form.blame = blame;
    form.element = make(
      "section",
      { class: "step-form", "aria-label": `${asked.title}: ${step.title}` },
      make("header", {}, words("h4", "", asked.title), words("p", "faint small", asked.lead)),
      element,
      problem,
    );
    return form;
  }

  /** Sends what was changed in a form; the same words are one delivery. */
  #sender(step, form, asked, problem) {
    const { id } = this.#card;
    let last = { text: "", key: "" };
    return async (values) => {
      const inputs = changedOf(asked.fields, values);
      const text = JSON.stringify(inputs);
      if (text !== last.text) last = { text, key: newId() };
      const controls = [...form.element.querySelectorAll("button, input, textarea, select")];
      const version = this.#card.plan_version;
      problem.hidden = true;
      try {
        if (!Object.keys(inputs).length) throw new Problem({ code: "nothing_changes" });
        form.sending = true;
        controls.forEach((control) => (control.disabled = true));
        await editPlan(id, { edit: { step: step.id, inputs } }, last.key);
        this.#forms.delete(step.id);
        this.#took(version);
      } catch (failure) {
        form.sending = false;
        controls.forEach((control) => (control.disabled = false));
        this.#complain(form, failure, problem);
      } finally {
        this.#redraw();
      }
    };
  }

  /** At the argument that does not fit, where the server named one; else below the form. */
  #complain(form, failure, problem) {
    const name = /^\/edit\/inputs\/([^/]+)$/.exec(failure.pointer ?? "")?.[1];
    if (name && form.blame(name.replaceAll("~1", "/").replaceAll("~0", "~"), this.#tell("fault.unfit"))) return;
    problem.textContent = this.#refusal(failure);
    problem.hidden = false;
    form.element.querySelector("button.primary").focus();
  }
}

function stepOf(card, id) {
  return card.steps.find((step) => step.id === id);
}

/** Why a step that was being edited cannot be any more: the code of an error. */
function whyGone(step, over) {
  if (over) return "execution_ended";
  if (!step) return "step_replaced";
  return step.icon === "succeeded" ? "step_finished" : "plan_changing";
}

function changedOf(fields, values) {
  const changed = fields.filter(({ name, raw }) => JSON.stringify(values[name]) !== JSON.stringify(raw));
  return Object.fromEntries(changed.map(({ name }) => [name, values[name]]));
}
