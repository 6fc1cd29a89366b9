/** The local chat page: a conversation, a living card for each task, and a place to write. */

import { newId, sendMessage } from "./api.js";
import { cardView } from "./card.js";
import { make, words } from "./dom.js";
import { listen } from "./stream.js";
import { load, locale, preferred, remember, say, sayError } from "./texts.js";
import { undoView } from "./undo.js";

const NEAR_PX = 120;
const SETTLE_MS = 250;
const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
const messages = new Map();
let state = "connecting";
let settled = false;

/** Put a message in its place, or change the one that is there. */
function show(message) {
  settled = true;
  const stick = nearEnd();
  const known = messages.get(message.id);
  if (known) known.update(message);
  else add(message);
  emptiness();
  if (stick || message.role === "person") toEnd();
  else if (!known) page.newer.hidden = false;
}

function add(message) {
  const view = message.kind === "card" ? cardView(message) : lineView(message);
  view.element.dataset.seq = message.seq;
  messages.set(message.id, view);
  const after = [...page.conversation.children].find((other) => Number(other.dataset.seq) > message.seq);
  page.conversation.insertBefore(view.element, after ?? null);
}

/** A bubble of the person, or a short reply. */
function lineView(message) {
  const element = make("li");
  const update = ({ role, kind, body, execution_id: execution, at }) => {
    element.className = `line ${role} ${kind}`;
    element.dataset.tone = body.tone ?? "";
    if (body.locale) element.lang = body.locale;
    const text = words("p", "bubble", body.text);
    if (text && at) text.title = new Date(at).toLocaleString(locale());
    const jump =
      body.pending && execution
        ? make("button", { class: "link", type: "button", onclick: () => reveal(execution) }, say("show"))
        : null;
    element.replaceChildren(...[text, jump, undoView(body, execution)].filter(Boolean));
  };
  update(message);
  return { element, update };
}

function reveal(execution) {
  const card = [...page.conversation.querySelectorAll(".card")].find((other) => other.dataset.execution === execution);
  const block = card?.querySelector(".approval") ?? card;
  block?.scrollIntoView({ block: "center" });
  (card?.querySelector(".approval button, .approval textarea") ?? card)?.focus({ preventScroll: true });
}

function nearEnd() {
  return page.scroll.scrollHeight - page.scroll.scrollTop - page.scroll.clientHeight < NEAR_PX;
}

function toEnd() {
  page.scroll.scrollTop = page.scroll.scrollHeight;
  page.newer.hidden = true;
}

/** The welcome shows, and the example stands ready to send, while nothing has been said. */
function emptiness() {
  if (!settled) return;
  const empty = messages.size === 0;
  page.welcome.hidden = !empty;
  if (!empty && page.text.dataset.example && page.text.value === page.text.dataset.example) page.text.value = "";
  if (empty && (!page.text.value || page.text.value === page.text.dataset.example)) page.text.value = say("example");
  page.text.dataset.example = empty ? say("example") : "";
  grow();
}

function grow() {
  page.text.style.height = "auto";
  page.text.style.height = `${Math.min(page.text.scrollHeight, 200)}px`;
  page.send.disabled = !page.text.value.trim();
}

async function submit() {
  const text = page.text.value;
  if (!text.trim()) return;
  const pending = { text, id: newId() };
  page.text.value = "";
  page.text.dataset.example = "";
  page.problem.hidden = true;
  grow();
  await deliver(pending);
}

async function deliver({ text, id }) {
  page.send.setAttribute("aria-busy", "true");
  try {
    await sendMessage(text, id);
  } catch (problem) {
    complain(problem, { text, id });
  } finally {
    page.send.removeAttribute("aria-busy");
  }
}

function complain(problem, message) {
  if (!page.text.value) page.text.value = message.text;
  const again = make("button", { class: "link", type: "button", onclick: () => retry(message) }, say("retry"));
  page.problem.replaceChildren(make("span", {}, `${say("not_sent")} · ${sayError(problem)} `), again);
  page.problem.hidden = false;
  grow();
}

/** Unchanged words go again under their first name, so that a delivery that did arrive is not doubled. */
function retry(message) {
  if (page.text.value !== message.text) return submit();
  page.text.value = "";
  page.problem.hidden = true;
  grow();
  return deliver(message);
}

function connection(next) {
  state = next;
  page.connection.dataset.state = state;
  page["connection-text"].textContent = say(state);
  if (state === "connected" && !settled) setTimeout(settle, SETTLE_MS);
}

/** The server tells an old conversation at once; what is silent for a moment is a new one. */
function settle() {
  settled = true;
  emptiness();
}

function wording() {
  document.title = say("title");
  page.title.textContent = say("title");
  page["welcome-title"].textContent = say("welcome");
  page["welcome-text"].textContent = say("welcome_text");
  page.text.placeholder = say("placeholder");
  page.text.setAttribute("aria-label", say("composer"));
  page.send.setAttribute("aria-label", say("send"));
  page.conversation.setAttribute("aria-label", say("conversation"));
  page.newer.textContent = say("new_messages");
  page.language.textContent = say("language");
  page.language.lang = locale() === "he" ? "en" : "he";
  page.language.setAttribute("aria-label", say("language_label"));
  connection(state);
  emptiness();
}

async function speak(next) {
  await load(next);
  wording();
  for (const view of messages.values()) view.redraw?.();
}

page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
page.text.addEventListener("input", grow);
page.text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
page.newer.addEventListener("click", toEnd);
page.scroll.addEventListener("scroll", () => {
  if (nearEnd()) page.newer.hidden = true;
});
page.language.addEventListener("click", () => {
  const next = locale() === "he" ? "en" : "he";
  remember(next);
  speak(next);
});

await speak(preferred());
page.text.focus();
listen(show, connection);
