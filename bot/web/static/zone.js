/** Wall-clock time in a named zone, both ways; the zone is the request's, not the browser's. */

/** An instant as `YYYY-MM-DDTHH:MM` in the zone. */
export function localTime(instant, zone) {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    })
      .formatToParts(new Date(instant))
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

/** `YYYY-MM-DDTHH:MM` in the zone as an ISO 8601 instant with the offset that holds there then. */
export function withOffset(local, zone) {
  const asUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(asUtc)) throw new Error(local);
  let minutes = offset(asUtc, zone);
  minutes = offset(asUtc - minutes * 60_000, zone);
  const size = Math.abs(minutes);
  const two = (number) => String(number).padStart(2, "0");
  return `${local.slice(0, 16)}:00${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Minutes the zone is ahead of UTC at an instant. */
function offset(instant, zone) {
  const minute = Math.floor(instant / 60_000) * 60_000;
  return (Date.parse(`${localTime(minute, zone)}Z`) - minute) / 60_000;
}
