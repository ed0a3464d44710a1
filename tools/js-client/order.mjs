// Give a run a signed order, and print what becomes of it:
//
//     node order.mjs URL --key FILE [--insecure] [--timeout S] [--forge | --replay]
//         pause | resume | recall VEHICLE SITE
//
// --insecure: the run has no locks, the key only signs. --forge signs with a wrong key, --replay sends the order
// twice: to see both refused.

import { randomBytes } from "node:crypto";
import { Orderer, Reader, expiry, place, readIdentity, seal } from "./client.mjs";
import { command } from "./command.mjs";

const { options, positionals } = command({
  forge: { type: "boolean", default: false },
  replay: { type: "boolean", default: false },
});
const [url, verb, vehicle, site] = positionals;
if (!options.key || !verb) throw new Error("node order.mjs URL --key FILE pause | resume | recall VEHICLE SITE");
const identity = readIdentity(options.key);

async function bodyOf(run) {
  if (verb === "pause") return { type: "PauseRun" };
  if (verb === "resume") return { type: "ResumeRun" };
  if (verb !== "recall") throw new Error(`no such order: ${verb}`);
  const where = place((await run.ask("city")).body, site);
  if (!where) throw new Error(`no such site: ${site}`);
  const order_id = `js-${randomBytes(6).toString("hex")}`;
  return { type: "Recall", order_id, vehicle, site, ...where, navigation: "gnss" };
}

function tell({ body }) {
  const why = body.reason ? `${body.cause}: ${body.reason}` : body.cause;
  console.log(why ? `receipt: refused: ${why}` : `receipt: heard at tick ${body.tick}`);
  return body.cause === "";
}

/** What the vehicle says to the order, on the telemetry door. */
async function answer(run, order_id) {
  const deadline = Date.now() + 30_000;
  for await (const { envelope } of run.messages()) {
    const { body } = envelope;
    if (body.type === "OrderAnswered" && body.order_id === order_id) return body;
    if (Date.now() > deadline) break; // looked at once per beat
  }
  throw new Error("the vehicle does not answer");
}

// Listen before speaking, so as not to miss the answer; the snapshot tells for which run to sign, and its time.
const locks = options.insecure ? null : identity;
const run = new Reader(url, locks, ["Beat", "OrderAnswered"], 1000 * options.timeout);
const body = await bodyOf(run);
const { run_id, now_ms, speed } = await run.join();
const orders = new Orderer(url, identity, !options.insecure);
let accepted;
if (options.forge || options.replay) {
  const seq = orders.next();
  const order = { run_id, sender: orders.sender, seq, t_ms: now_ms, expires_ms: expiry(now_ms, speed), body };
  const envelope = seal(order, options.forge ? randomBytes(32).toString("hex") : identity.order_secret);
  accepted = tell(await orders.send(envelope, seq));
  if (options.replay) accepted = tell(await orders.send(envelope, seq));
} else {
  accepted = tell(await orders.order(body, { run_id, now_ms, speed }));
  if (accepted && body.order_id) {
    const { claimed_sender, counter, cause } = await answer(run, body.order_id);
    console.log(`${vehicle} ${cause ? `refuses: ${cause}` : "obeys"} (${claimed_sender}, order ${counter})`);
    accepted = cause === "";
  }
}
run.close();
orders.close();
process.exitCode = accepted ? 0 : 1;
