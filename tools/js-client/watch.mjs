// Watch a run until it ends:
//
//     node watch.mjs URL (--key FILE | --insecure) [--every S] [--vehicle NAME] [--timeout S]

import { Reader, STATES, floats, readIdentity } from "./client.mjs";
import { command } from "./command.mjs";

const { options, positionals } = command({
  every: { type: "string", default: "1" },
  vehicle: { type: "string" }, // each report of this one
});
if (!options.key && !options.insecure) throw new Error("--key FILE or --insecure");
const url = positionals[0] ?? "tcp://127.0.0.1:5570";
const identity = options.insecure ? null : readIdentity(options.key);

let start_hour, frame, alerts;

/** Begin with, or anew from, a snapshot. */
function begin(snapshot) {
  ({ start_hour, frame } = snapshot);
  alerts = snapshot.alerts.length;
}

function clock(ms) {
  const seconds = Math.floor(start_hour * 3600 + ms / 1000);
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  return `${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function vehicles() {
  if (frame === null) return "no vehicles yet";
  const counts = STATES.map((name, index) => [frame.state.filter((state) => state === index).length, name]);
  const batteries = floats(frame.battery_wh).filter((wh) => !Number.isNaN(wh)); // NaN: nothing was heard of it
  const mean = batteries.reduce((sum, wh) => sum + wh, 0) / batteries.length;
  const present = counts.filter(([count]) => count).map((pair) => pair.join(" "));
  return `${frame.state.length} vehicles: ${present.join(", ")}; battery ${mean.toFixed(0)} Wh`;
}

function beat({ tick, now_ms, speed, paused }, missed) {
  const pace = paused ? "paused" : speed ? `${speed}x` : "as fast as it goes";
  return `${clock(now_ms)}  tick ${tick}  ${pace}  ${vehicles()}  alerts ${alerts}  missed ${missed}`;
}

/** The line for everything but frames and beats, or null. */
function line({ t_ms, body }) {
  const now = clock(t_ms);
  switch (body.type) {
    case "Alert":
      return `${now}  ALERT ${body.detector}: ${body.attack_class} of ${body.entity} (${body.evidence})`;
    case "MessagesRefused":
      return `${now}  refused at ${body.door}: ${body.count} by ${body.claimed_sender || "?"}: ${body.cause}`;
    case "VehicleReported":
      if (body.vehicle !== options.vehicle) return null;
      return `${now}  ${body.vehicle} ${body.state}  order ${body.order_id}  bound for ${body.bound_for || "-"}`;
    case "RunEnded":
      return `ended ${body.status} at tick ${body.tick}, digest ${body.digest}`;
    default:
      return null;
  }
}

const topics = ["Beat", "TelemetryFrame", "Alert", "MessagesRefused"];
if (options.vehicle) topics.push("VehicleReported");
const run = new Reader(url, identity, topics, 1000 * options.timeout);
const snapshot = await run.join();
begin(snapshot);
console.log(`${snapshot.name}, until ${clock(snapshot.end_ms)}`);

let printed = -Infinity;
let status = "failed";
for await (const { topic, envelope, anotherRun } of run.messages()) {
  const { body } = envelope;
  if (topic === "Snapshot") {
    begin(body);
    console.log(anotherRun ? `connected anew, to another run: ${body.name}` : "connected anew");
  } else if (topic === "TelemetryFrame") {
    frame = body;
  } else if (topic === "Beat") {
    if (performance.now() - printed < 1000 * options.every) continue;
    printed = performance.now();
    console.log(beat(body, run.missedInAll));
  } else {
    if (topic === "Alert") alerts += 1;
    if (topic === "RunEnded") status = body.status;
    const text = line(envelope);
    if (text) console.log(text);
  }
}
console.log(`missed ${run.missedInAll}`);
run.close();
process.exitCode = status === "failed" ? 1 : 0;
