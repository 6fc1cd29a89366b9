/** What the page asks of the server; same origin, by cookie. */

/** A refusal the server explained (application/problem+json), or a lost connection (code "offline"). */
export class Problem extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.code ?? "problem");
    this.code = problem.code ?? "";
    this.detail = problem.detail ?? "";
    this.status = problem.status ?? 0;
    this.pointer = problem.pointer ?? "";
  }
}

/** Send a person's words. `clientId` names the delivery: sending it again does nothing twice. */
export function sendMessage(text, clientId) {
  return post("/api/chat/messages", { text, client_id: clientId }, clientId);
}

/** Answer an approval. */
export function decide(approval, decision) {
  return post(`/api/approvals/${encodeURIComponent(approval)}`, decision);
}

/** Pause, resume or cancel an execution. */
export function signal(execution, name) {
  return post(`/api/orchestrate/${encodeURIComponent(execution)}/${name}`, {});
}

/** Take back what an execution did. */
export function undo(execution) {
  return post(`/api/orchestrate/${encodeURIComponent(execution)}/undo`, {});
}

/** Do again what failed of an execution; asked for twice, it is done once. */
export function fork(execution) {
  return post(`/api/orchestrate/${encodeURIComponent(execution)}/fork`, {}, `again:${execution}`);
}

/** Change the plan of an execution; the same change under the same key is made once. */
export function editPlan(execution, edit, key) {
  return post(`/api/orchestrate/${encodeURIComponent(execution)}/plan`, edit, key);
}

/** The arguments of a step, as a form asks for them. */
export async function stepForm(execution, step) {
  const path = `/api/orchestrate/${encodeURIComponent(execution)}/steps/${encodeURIComponent(step)}`;
  return (await request(path, { credentials: "same-origin" })).json();
}

/** Rate a result: 1 or -1. */
export function rate(execution, rating) {
  return post("/api/feedback", { execution_id: execution, rating });
}

/** A name nobody can guess, for idempotent sends. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function post(path, body, key = newId()) {
  await request(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify(body),
  });
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Problem({ code: "offline" });
  }
  if (!response.ok) throw new Problem({ status: response.status, ...(await explained(response)) });
  return response;
}

async function explained(response) {
  try {
    return await response.json();
  } catch {
    return { code: response.status === 401 ? "not_signed_in" : "" };
  }
}
