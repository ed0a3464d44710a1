// A client of a fleet run: reading and ordering, as docs/wire.md has it. watch.mjs and order.mjs show its use.

import { createPrivateKey, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { decode, encode } from "@msgpack/msgpack";
import { Dealer, Subscriber } from "zeromq";

const PORTS = { telemetry: 0, command: 1 };
const PATIENCE_MS = 5000; // who has not answered by then is not there; who stays lost so long has failed

// --- doors and keys ---------------------------------------------------------------------------------------------

export const readIdentity = (path) => JSON.parse(readFileSync(path, "utf8"));

function endpoint(url, door) {
  if (url.startsWith("ipc://")) return door === "telemetry" ? url : `${url}-${door}`;
  const [, host, port] = url.match(/^(tcp:\/\/.+):(\d+)$/) ?? [, url, 5570];
  return `${host}:${Number(port) + PORTS[door]}`;
}

/** Connect to a door, by the CURVE keys of `identity`, or without locks where there is none. */
function open(Kind, url, door, identity) {
  const socket = new Kind({
    linger: 0,
    receiveTimeout: 200, // so often the loops look up
    heartbeatInterval: 1000,
    heartbeatTimeout: 3000,
    ...(identity && {
      curveServerKey: identity.server_public,
      curvePublicKey: identity.curve_public,
      curveSecretKey: identity.curve_secret,
    }),
  });
  // That a door is shut only the events tell: ZeroMQ then neither knocks again nor reports an error.
  const state = { connections: 0, lostAt: null, refused: false };
  socket.events.on("handshake", () => Object.assign(state, { connections: state.connections + 1, lostAt: null }));
  socket.events.on("disconnect", () => (state.lostAt ??= Date.now()));
  socket.events.on("handshake:error:auth", () => (state.refused = true));
  socket.connect(endpoint(url, door));
  return [socket, state];
}

/** What the promise of a socket comes to, or null at its timeout. */
const orNull = (promise) =>
  promise.catch((error) => {
    if (error.code === "EAGAIN") return null;
    throw error;
  });

// --- reading ----------------------------------------------------------------------------------------------------

const fresh = (what) => `?${what}/${randomBytes(16).toString("hex")}`;

/**
 * A reader of topics, which counts what it misses.
 *
 *     const run = new Reader(url, identity, ["Beat", "Alert"]);
 *     const snapshot = await run.join();
 *     for await (const { topic, envelope } of run.messages()) ...
 */
export class Reader {
  constructor(url, identity, topics, patience = PATIENCE_MS) {
    this.patience = patience;
    this.topics = [...topics, "RunEnded"];
    this.missed = new Map(this.topics.map((topic) => [topic, 0]));
    [this.socket, this.state] = open(Subscriber, url, "telemetry", identity);
    this.socket.subscribe(...this.topics);
  }

  get missedInAll() {
    return [...this.missed.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The snapshot from which on nothing is missed unnoticed. What comes before it is contained in it. */
  async join() {
    this.connections = this.state.connections || 1;
    const { body } = await this.ask("snapshot");
    this.numbers = body.numbers;
    this.run_id = body.run_id;
    return body;
  }

  /** "snapshot" or "city", once. Everything else that comes meanwhile is lost: the map before `join`. */
  async ask(what) {
    const asked = fresh(what);
    this.socket.subscribe(asked);
    const deadline = Date.now() + this.patience;
    while (Date.now() < deadline && !this.state.refused) {
      const parts = await orNull(this.socket.receive());
      if (parts?.[0].toString() !== asked) continue;
      this.socket.unsubscribe(asked);
      return decode(parts[2]);
    }
    throw new Error(this.state.refused ? "the key is refused" : "nobody answers");
  }

  /**
   * Everything subscribed to, until RunEnded; after a lost connection also a Snapshot, to begin anew from (its
   * topic is "Snapshot", and `anotherRun` says whether it is one).
   */
  async *messages() {
    if (this.numbers.RunEnded) return; // joined too late
    let asked = null;
    while (this.state.lostAt === null || Date.now() - this.state.lostAt < this.patience) {
      if (this.state.connections > this.connections) {
        // Only now that the connection is up: what was subscribed to before ZeroMQ renews in an order of its own,
        // and the snapshot must be asked for last.
        this.connections = this.state.connections;
        if (asked) this.socket.unsubscribe(asked);
        this.socket.subscribe((asked = fresh("snapshot")));
      }
      const parts = await orNull(this.socket.receive());
      if (parts === null) continue;
      const topic = parts[0].toString();
      if (topic === asked) {
        this.socket.unsubscribe(asked);
        asked = null;
        const envelope = decode(parts[2]);
        yield { topic: "Snapshot", envelope, anotherRun: this.rejoin(envelope.body) };
        if (envelope.body.numbers.RunEnded) return;
      } else if (this.missed.has(topic)) {
        const number = Number(parts[1].readBigUInt64LE());
        const expected = this.numbers[topic] ?? 0;
        if (number < expected) continue; // the snapshot contains it
        this.missed.set(topic, this.missed.get(topic) + number - expected);
        this.numbers[topic] = number + 1;
        yield { topic, envelope: decode(parts[2]) };
        if (topic === "RunEnded") return;
      }
    }
    throw new Error("the connection stays lost");
  }

  /** Count what was missed while the connection was down; true where it is another run. */
  rejoin({ run_id, numbers }) {
    const before = this.numbers;
    const anotherRun = run_id !== this.run_id;
    const gaps = anotherRun ? [] : this.topics.map((topic) => [topic, (numbers[topic] ?? 0) - (before[topic] ?? 0)]);
    for (const [topic, gap] of gaps) this.missed.set(topic, this.missed.get(topic) + gap);
    this.numbers = numbers;
    this.run_id = run_id;
    return anotherRun;
  }

  close() {
    this.socket.close();
  }
}

// --- frames and places ------------------------------------------------------------------------------------------

export const STATES = [
  "idle", "climbing", "cruising", "descending", "servicing", "unloading", "charging", "queueing", "holding",
  "lost", "driving", "grounded",
];

/** A column of little-endian float 32. Not by Float32Array, which wants aligned memory. */
export function floats(bin) {
  const view = new DataView(bin.buffer, bin.byteOffset, bin.byteLength);
  return Array.from({ length: bin.byteLength / 4 }, (_, row) => view.getFloat32(4 * row, true));
}

/**
 * Metres east and north of the map's origin. Gauss's mid-latitude formula in place of the geodesic which azimuthal
 * equidistant asks for: for the few kilometres of a city the two are less than a millimetre apart.
 */
export function local(city, lon, lat) {
  const rad = Math.PI / 180;
  const half = ((lat + city.origin_lat) / 2) * rad;
  const e2 = 0.00669437999014; // WGS 84
  const w = Math.sqrt(1 - e2 * Math.sin(half) ** 2);
  const east = (lon - city.origin_lon) * rad * (6378137 / w) * Math.cos(half);
  const north = ((lat - city.origin_lat) * rad * 6378137 * (1 - e2)) / w ** 3;
  const turn = ((lon - city.origin_lon) * rad * Math.sin(half)) / 2; // north half-way is not north at the origin
  return {
    x_m: east * Math.cos(turn) - north * Math.sin(turn),
    y_m: north * Math.cos(turn) + east * Math.sin(turn),
  };
}

/** Where a site is, by the map. */
export function place(city, site) {
  const { features } = JSON.parse(city.geojson);
  const found = features.find(({ properties }) => properties.kind === "site" && properties.id === site);
  return found && local(city, ...found.geometry.coordinates);
}

// --- orders -----------------------------------------------------------------------------------------------------

// Fields in the order in which they are signed, with their types.
const FIELDS = {
  PauseRun: {},
  ResumeRun: {},
  SetSpeed: { factor: "float" },
  Recall: { order_id: "str", vehicle: "str", site: "str", x_m: "float", y_m: "float", navigation: "str" },
  FlyRoute: { order_id: "str", vehicle: "str", append: "bool", stops: "StopOrder" },
  StopOrder: {
    kind: "str", target: "str", x_m: "float", y_m: "float", earliest_ms: "int", latest_ms: "int",
    service_ms: "int", mass_kg: "float", unload: "bool", charge: "bool",
  },
};
const LEFT_OUT = { earliest_ms: 0, latest_ms: 0, service_ms: 0, mass_kg: 0, unload: false, charge: false };

const concat = (...parts) => Buffer.concat(parts.flat());

/** The head of an array (`fix` 0x90, `long` 0xdc) or a map (0x80, 0xde). */
function head(fix, long, length) {
  return length < 16 ? Buffer.from([fix | length]) : Buffer.from([long, length >> 8, length & 255]);
}

function value(type, content) {
  if (content === undefined) throw new TypeError(`a field of type ${type} is missing`);
  if (type === "float") return encode(content, { forceIntegerToFloat: true }); // 90 is an integer otherwise
  if (!(type in FIELDS)) return encode(content);
  return concat(head(0x90, 0xdc, content.length), content.map((each) => map(type, { ...LEFT_OUT, ...each })));
}

/** A body, or a map within it, in canonical form. */
function map(name, content, type = []) {
  const fields = Object.entries(FIELDS[name]);
  const pairs = fields.map(([key, kind]) => concat(encode(key), value(kind, content[key])));
  return concat(head(0x80, 0xde, fields.length + type.length / 2), type, pairs);
}

const canonicalBody = (body) => map(body.type, body, [encode("type"), encode(body.type)]);

/** `seed` as PKCS #8, in which alone Node takes an Ed25519 key: a constant head, then the 32 bytes. */
const privateKey = (seed) =>
  createPrivateKey({
    key: concat(Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(seed, "hex")),
    format: "der",
    type: "pkcs8",
  });

/** The signed envelope of an order, as it goes to the command door of the run `run_id`. */
export function seal({ run_id, sender, seq, t_ms, expires_ms, body }, seed) {
  if (!/^[0-9a-f]{32}$/.test(run_id)) throw new TypeError("an order is signed for a run: its run_id is missing");
  const bytes = canonicalBody(body);
  const first = [1, run_id, sender, seq, expires_ms];
  const canonical = concat(head(0x90, 0xdc, 6), first.map((each) => encode(each)), bytes);
  const signature = sign(null, canonical, privateKey(seed));
  const before = Object.entries({ v: 1, sender, seq, t_ms }).flat();
  const after = Object.entries({ expires_ms, signature }).flat();
  const plain = (parts) => parts.map((part) => encode(part));
  return concat(head(0x80, 0xde, 7), plain(before), encode("body"), bytes, plain(after));
}

/** When an order is to expire, by the time of the run and its speed. */
export function expiry(now_ms, speed) {
  // The upper bound is for speeds above 120: more than 600,000 ahead is refused.
  return now_ms + (speed > 0 ? Math.min(Math.max(5000, 5000 * speed), 600_000) : 600_000);
}

/** Gives signed orders, one at a time. */
export class Orderer {
  /** `identity` signs; where `locked` is false it only does that. */
  constructor(url, identity, locked = true) {
    this.identity = identity;
    this.sender = `${identity.role}/${identity.name}`;
    this.seq = 0;
    [this.socket, this.state] = open(Dealer, url, "command", locked ? identity : null);
  }

  /** Microseconds since 1970 as a Number: exact until 2255. */
  next() {
    this.seq = Math.max(this.seq + 1, Date.now() * 1000);
    return this.seq;
  }

  /**
   * Sign for the run of a snapshot, and send; the receipt's envelope. Sent once more where the run's clock had gone
   * on too far.
   */
  async order(body, { run_id, now_ms, speed }) {
    for (let again = true; ; again = false) {
      const seq = this.next();
      const order = { run_id, sender: this.sender, seq, t_ms: now_ms, expires_ms: expiry(now_ms, speed), body };
      const answer = await this.send(seal(order, this.identity.order_secret), seq);
      if (answer.body.cause !== "stale" || !again) return answer;
      now_ms = answer.t_ms;
    }
  }

  /** Send an envelope as it is; the receipt's envelope. */
  async send(envelope, seq, timeout = 30_000) {
    // Not awaited: at a door that was shut before, ZeroMQ waits for ever for somebody to send to.
    this.socket.send(envelope).catch(() => {});
    const deadline = Date.now() + timeout;
    while (Date.now() < deadline) {
      if (this.state.refused) throw new Error("the key is refused at the command door");
      const [part] = (await orNull(this.socket.receive())) ?? [];
      const answer = part && decode(part);
      if (answer?.body.type === "Receipt" && answer.body.seq === seq) return answer;
    }
    throw new Error("no receipt came");
  }

  close() {
    this.socket.close();
  }
}
