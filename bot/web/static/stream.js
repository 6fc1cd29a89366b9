/** The conversation as the server tells it: messages to upsert by id. The browser resumes where it
 * stopped; after a refusal the page starts over, which repeats messages and changes nothing. */

const AGAIN_MS = 3000;

/**
 * Listen for messages.
 * @param {(message: object) => void} onMessage one message, new or changed
 * @param {(state: "connecting"|"connected"|"disconnected") => void} onState how the connection is
 */
export function listen(onMessage, onState) {
  const open = () => {
    const source = new EventSource("/api/chat/stream");
    source.addEventListener("open", () => onState("connected"));
    source.addEventListener("message", (event) => onMessage(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      onState("disconnected");
      if (source.readyState === EventSource.CLOSED) setTimeout(open, AGAIN_MS);
    });
  };
  onState("connecting");
  open();
}
