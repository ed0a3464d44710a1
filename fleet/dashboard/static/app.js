// The live page of a run: it reads the bus's own bytes from one WebSocket and draws them. Nothing comes from elsewhere.
const $ = (id) => document.getElementById(id), dpr = () => window.devicePixelRatio || 1;
const STATES = ["idle", "climbing", "cruising", "descending", "servicing", "unloading", "charging", "queueing", "holding", "lost", "driving", "grounded"];
const GROUPS = [["at rest", "rest"], ["flying", "fly"], ["collecting", "collect"], ["unloading", "unload"], ["charging", "charge"],
  ["queueing", "wait"], ["lost", "lost"]], GROUP_OF = [0, 1, 1, 1, 2, 3, 4, 5, 5, 6, 1, 5], ALARM_MS = 12e4, MOST_LEAP_MS = 15e3;
const SPEEDS = [[1, "1×"], [5, "5×"], [20, "20×"], [100, "100×"], [0, "max"]], MOST_SETTLED = 4000, MOST_LISTED = 60, FANCY = 2000;
// ---- MessagePack, as much of it as the bus speaks
const utf8 = new TextDecoder(), floats = (bytes) => new Float32Array(bytes.slice().buffer); // a copy, because columns are not aligned
function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const read = (type, size) => { at += size; return view["get" + type](at - size); };
  const uint = (k) => read("Uint" + (8 << k), 1 << k); // of 1, 2 or 4 bytes
  const raw = (size) => bytes.subarray(at, at += size);
  const list = (size) => Array.from({ length: size }, value);
  const map = (size) => { const out = Object.create(null); while (size--) out[value()] = value(); return out; };
  function value() {
    const b = bytes[at++];
    if (b < 0x80 || b >= 0xe0) return b << 24 >> 24;
    if (b < 0x90) return map(b & 15);
    if (b < 0xa0) return list(b & 15);
    if (b < 0xc0) return utf8.decode(raw(b & 31));
    if (b < 0xc4) return [null, undefined, false, true][b - 0xc0];
    if (b < 0xc7) return raw(uint(b - 0xc4));
    if (b === 0xca || b === 0xcb) return b === 0xca ? read("Float32", 4) : read("Float64", 8);
    if (b >= 0xcc && b < 0xcf) return uint(b - 0xcc);
    if (b === 0xcf || b === 0xd3) return read(b === 0xcf ? "Uint32" : "Int32", 4) * 4294967296 + read("Uint32", 4);
    if (b >= 0xd0 && b < 0xd3) return read("Int" + (8 << (b - 0xd0)), 1 << (b - 0xd0));
    if (b >= 0xd9 && b < 0xdc) return utf8.decode(raw(uint(b - 0xd9)));
    if (b >= 0xdc) return b < 0xde ? list(uint(b - 0xdb)) : map(uint(b - 0xdd));
    throw new Error(`MessagePack: byte ${b} at ${at - 1}`);
  }
  return value();
}
// ---- degrees to the run's metres: azimuthal equidistant on WGS 84, as a series; right to 0.1 m within 20 km
function projection(lon0, lat0) {
  const A = 6378137, E2 = 0.00669437999014, rad = Math.PI / 180;
  return (lon, lat) => {
    const s = Math.sin(lat * rad), c = Math.cos(lat * rad), middle = Math.sin((lat + lat0) / 2 * rad), east = (lon - lon0) * rad;
    const normal = A / Math.sqrt(1 - E2 * s * s), meridian = A * (1 - E2) / (1 - E2 * middle * middle) ** 1.5;
    return [normal * c * east, meridian * (lat - lat0) * rad + normal * s * c * east * east / 2];
  };
}
// ---- what is known of the run
const S = { hello: {}, numbers: new Map(), lost: 0, skipped: 0, roster: [], index: new Map(), reports: new Map(), open: new Map(),
  settled: new Map(), counts: [0, 0, 0], alerts: [], alarmed: new Map(), quarantined: new Set(), frame: { at: 0, x: [], y: [] },
  gap: 1000, past: [], x: [], y: [], groups: [], sites: [], zones: [], sky: new Map(), reasons: [], view: null, chosen: null, hover: null, live: false, drawn: 0 };
const due = {}, redraw = (...layers) => layers.forEach((layer) => { due[layer] = true; });
const miss = (topic, count) => { if (count > 0 && topic !== "Beat") S[topic === "TelemetryFrame" ? "skipped" : "lost"] += count; };
function settle(id, how) { // 0 collected, 1 missed; what was missed and then fetched after all is collected
  const before = S.settled.get(id), at = before ?? S.open.get(id);
  S.open.delete(id);
  if (before?.how <= how) return;
  if (before) S.counts[before.how]--;
  S.counts[how]++; S.settled.set(id, { x_m: at?.x_m, y_m: at?.y_m, how });
}
function place(now) { // each drone is on its way from where it was drawn when the last frame came to where that frame has it
  const { frame, from } = S, part = Math.min(1, (now - frame.at) / S.gap);
  for (const axis of ["x", "y"]) S[axis] = frame[axis].map((to, i) => from[axis][i] + (to - from[axis][i]) * part);
  return part;
}
function takeFrame(b, afresh) {
  const now = performance.now(), frame = { at: now, tick: b.tick, state: b.state.slice(), x: floats(b.x_m), y: floats(b.y_m),
    height: floats(b.height_m), speed: floats(b.speed_mps), wh: floats(b.battery_wh), kg: floats(b.load_kg) };
  const leap = (b.tick - S.frame.tick) * S.run.tick_ms > MOST_LEAP_MS; // a straight line would be a lie
  if (afresh || leap || S.frame.x.length !== frame.x.length) Object.assign(S, { from: frame, past: [] });
  else {
    place(now);
    S.from = { x: S.x, y: S.y };
    S.gap = Math.max(50, Math.min(1500, 0.7 * S.gap + 0.3 * (now - S.frame.at)));
    S.past = [...S.past, S.from].slice(-Math.ceil(Math.min(24, 12000 / frame.x.length, 12000 / S.gap)));
  }
  S.frame = frame;
  S.groups = GROUPS.map(() => []);
  frame.state.forEach((state, i) => S.groups[GROUP_OF[state] ?? 6].push(i));
}
function takeCity(b) {
  const map = JSON.parse(b.geojson), project = projection(b.origin_lon, b.origin_lat), box = [1e9, 1e9, -1e9, -1e9];
  const paths = { building: new Path2D(), street: new Path2D(), district: new Path2D() };
  const grow = (v, k) => { box[k] = Math.min(box[k], v); box[k + 2] = Math.max(box[k + 2], v); return v; };
  const at = ([lon, lat]) => project(lon, lat).map(grow);
  const trace = (path, { type, coordinates: c }) => {
    const lines = type === "Polygon" ? c : type === "LineString" ? [c] : c.flat();
    for (const line of lines) line.map(at).forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
    return path;
  };
  Object.assign(S, { city: map, project, paths, box, zones: [], sites: [] });
  for (const { properties: p, geometry } of map.features) {
    if (p.kind === "no_fly") S.zones.push({ reason: p.reason || "closed", path: trace(new Path2D(), geometry) });
    else if (p.kind === "site") S.sites.push({ id: p.id, at: at(geometry.coordinates) });
    else if (p.kind in paths) trace(paths[p.kind], geometry);
  }
  S.reasons = [...new Set(S.zones.map((zone) => zone.reason))].sort();
  put("city", map.name ?? ""); put("credit", map.attribution ?? ""); legend();
  if (S.view) redraw("ground"); else fit();
}
const on = {
  AirspaceChanged(b, t_ms, path = new Path2D()) {
    b.x_m.forEach((ring, r) => ring.forEach((x, i) => path[i ? "lineTo" : "moveTo"](x, b.y_m[r][i])));
    S.sky.delete(b.zone); if (b.state !== "open") S.sky.set(b.zone, { ...b, path }); redraw("ground");
  },
  CityMap: takeCity, TelemetryFrame: (b) => takeFrame(b, false), VehicleQuarantined: (b) => S.quarantined.add(b.vehicle),
  Snapshot(b) {
    for (const [topic, next] of Object.entries(b.numbers)) { miss(topic, next - (S.numbers.get(topic) ?? next)); S.numbers.set(topic, next); }
    Object.assign(S, { run: b, counts: [b.collected, b.missed, b.alerts.length], ended: null, alerts: b.alerts.map((a) => ({ ...a, t_ms: null })),
      settled: new Map(), open: new Map(b.open_pickups.map((p) => [p.pickup_id, p])), reports: new Map(b.vehicles.map((v) => [v.vehicle, v])) });
    S.sky.clear(); b.airspace.forEach((change) => on.AirspaceChanged(change)); redraw("ground");
    if (b.roster) on.VehicleRoster(b.roster); if (b.frame) takeFrame(b.frame, true); S.joined ||= performance.now();
  },
  VehicleRoster(b) { S.roster = b.vehicles; S.index = new Map(b.vehicles.map((name, i) => [name, i])); },
  Beat: ({ now_ms, speed, paused }) => Object.assign(S.run, { now_ms, speed, paused }), RunEnded: (b) => { S.ended = b; },
  VehicleReported: (b) => S.reports.set(b.vehicle, b),
  PickupRequested: (b) => { if (!S.settled.has(b.pickup_id)) S.open.set(b.pickup_id, b); },
  PickupCollected: (b) => settle(b.pickup_id, 0), PickupMissed: (b) => settle(b.pickup_id, 1),
  Alert: (b, t_ms) => { S.alerts = [...S.alerts.slice(1 - MOST_LISTED), { ...b, t_ms }]; S.counts[2]++; S.alarmed.set(b.entity, t_ms); },
};
function take(buffer) { // records: number (u64), length (u32), envelope
  const view = new DataView(buffer);
  for (let at = 0, size; at < buffer.byteLength; at += 12 + size) {
    const number = view.getUint32(at, true) + view.getUint32(at + 4, true) * 4294967296;
    size = view.getUint32(at + 8, true);
    const { body, t_ms } = unpack(new Uint8Array(buffer, at + 12, size)), next = S.numbers.get(body.type) ?? 0;
    if (!["CityMap", "Snapshot", "RunEnded"].includes(body.type)) {
      if (number < next) continue; // the snapshot contains it
      miss(body.type, number - next); S.numbers.set(body.type, number + 1);
    }
    on[body.type]?.(body, t_ms);
  }
  S.heard = performance.now(); redraw("marks", "movers", "text");
}
// ---- the view: its centre in metres, and pixels per metre
const layer = Object.fromEntries(["ground", "marks", "movers"].map((id) => [id, $(id).getContext("2d")])); let w = 0, h = 0;
const sx = (x) => w / 2 + (x - S.view.x) * S.view.k, sy = (y) => h / 2 - (y - S.view.y) * S.view.k;
const look = (view) => { S.view = { ...S.view, fitted: false, ...view }; redraw("ground", "marks", "movers"); };
const pan = (right, up) => S.view && look({ x: S.view.x + right / S.view.k, y: S.view.y + up / S.view.k });
const fit = ([x0, y0, x1, y1] = S.box) => look({ x: (x0 + x1) / 2, y: (y0 + y1) / 2, fitted: true,
  k: 0.94 * Math.min(w / (x1 - x0 + 1), h / (y1 - y0 + 1)) });
function zoom(factor, px = w / 2, py = h / 2) { // what is under (px, py) stays there
  if (!S.view) return;
  const k = Math.max(0.005, Math.min(20, S.view.k * factor)), drift = 1 / S.view.k - 1 / k;
  look({ x: S.view.x + (px - w / 2) * drift, y: S.view.y - (py - h / 2) * drift, k });
}
function resize() {
  [w, h] = [$("map").clientWidth, $("map").clientHeight];
  for (const { canvas } of Object.values(layer)) { canvas.width = Math.round(w * dpr()); canvas.height = Math.round(h * dpr()); }
  if (S.view?.fitted) fit(); else redraw("ground", "marks", "movers");
}
// ---- drawing: the ground when the view moves, the marks when messages come, the movers at every picture
const style = getComputedStyle(document.documentElement), ink = (name) => style.getPropertyValue("--" + name); // light or dark
const zoneInk = (reason) => ["#d3263f", "#e0512f", "#b0306a", "#8f2f2f", "#e0708a"][Math.max(0, S.reasons.indexOf(reason)) % 5];
function clean(c) { c.setTransform(dpr(), 0, 0, dpr(), 0, 0); c.clearRect(0, 0, w, h); return c; }
function stroke(c, strokeStyle, lineWidth, dash = [], ...path) {
  Object.assign(c, { strokeStyle, lineWidth }).setLineDash(dash); c.stroke(...path);
}
function label(c, text, x, y, font, textAlign) {
  Object.assign(c, { font: font + " system-ui, 'DejaVu Sans', sans-serif", textAlign, lineWidth: 3, strokeStyle: ink("halo") }).setLineDash([]);
  c.strokeText(text, x, y); c.fillText(text, x, y);
}
function drawGround() {
  const c = clean(layer.ground), { x, y, k } = S.view;
  c.setTransform(dpr() * k, 0, 0, -dpr() * k, dpr() * (w / 2 - x * k), dpr() * (h / 2 + y * k));
  stroke(c, ink("street"), Math.max(5, 1.2 / k), [], S.paths.street);
  c.fillStyle = ink("building"); c.fill(S.paths.building);
  stroke(c, ink("district"), 1 / k, [6 / k, 5 / k], S.paths.district);
  for (const { reason, path, state } of [...S.zones, ...S.sky.values()]) { // what is only announced is an outline
    c.fillStyle = zoneInk(reason) + (state ? "55" : "2b"); if (state !== "announced") c.fill(path, state ? "evenodd" : "nonzero"); // with alpha
    stroke(c, zoneInk(reason) + "c0", (state ? 2.5 : 1.4) / k, state === "announced" ? [7 / k, 5 / k] : [], path);
  }
  const metres = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000].filter((m) => m * k < 130).pop() ?? 1;
  $("scale").style.width = metres * k + "px"; put("scale", metres < 1000 ? metres + " m" : metres / 1000 + " km");
}
function circles(c, points, r, fillStyle) {
  c.beginPath(); c.fillStyle = fillStyle;
  for (const [x, y] of points) { c.moveTo(sx(x) + r, sy(y)); c.arc(sx(x), sy(y), r, 0, 7); }
}
function drawMarks() {
  const c = clean(layer.marks), settled = [...S.settled.values()].slice(-MOST_SETTLED), small = S.open.size + settled.length > 1500 ? 0.6 : 1;
  const dots = (pickups, r, colour) => { circles(c, pickups.map((p) => [p.x_m, p.y_m]), r * small, colour); c.fill(); };
  ["gone", "lapsed"].forEach((colour, how) => dots(settled.filter((p) => p.how === how), 2.6, ink(colour)));
  dots([...S.open.values()], 3.6, ink("open")); c.beginPath();
  S.past[0]?.x.forEach((x0, i) => { // trails end where the drones were drawn when the last frame came
    if (x0 !== S.frame.x[i] || S.past[0].y[i] !== S.frame.y[i]) S.past.forEach((p, k) => c[k ? "lineTo" : "moveTo"](sx(p.x[i]), sy(p.y[i])));
  });
  c.globalAlpha = 0.35; stroke(c, ink("fly"), 1.5); c.globalAlpha = 1;
  for (const { id, at: [x, y] } of S.sites) {
    c.fillStyle = ink("halo"); c.fillRect(sx(x) - 7, sy(y) - 7, 14, 14); c.fillStyle = ink("site"); c.fillRect(sx(x) - 5.5, sy(y) - 5.5, 11, 11);
    if (S.sites.length < 40 || S.view.k > 0.3) label(c, id, sx(x), sy(y) + 20, "11px", "center");
  }
}
function drawMovers(now) {
  const c = clean(layer.movers), part = place(now), { x, y } = S, r = x.length > FANCY ? 1.5 : x.length > 300 ? 3.5 : 5;
  const ring = (i, radius, colour) => { if (i < x.length) { circles(c, [[x[i], y[i]]], radius); stroke(c, colour, 2); } };
  S.groups.forEach((group, g) => {
    c.fillStyle = ink(GROUPS[g][1]);
    if (x.length > FANCY) for (const i of group) c.fillRect(sx(x[i]) - r, sy(y[i]) - r, 2 * r, 2 * r);
    else { circles(c, group.map((i) => [x[i], y[i]]), r, c.fillStyle); stroke(c, ink("halo"), 1.5); c.fill(); }
  });
  const alarmed = [...S.alarmed].filter(([, t_ms]) => S.run.now_ms - t_ms < ALARM_MS).map(([entity]) => entity);
  for (const name of [...alarmed, ...S.quarantined]) for (const more of [5, 9]) ring(S.index.get(name), r + more, ink("alarm"));
  const name = S.chosen ?? S.hover, i = S.index.get(name);
  ring(i, r + 3, ink("ink")); c.fillStyle = ink("ink");
  if (i < x.length) label(c, name, sx(x[i]) + r + 7, sy(y[i]) - 6, "600 12px", "left");
  S.drawn++; return part < 1;
}
// ---- words and numbers beside the map
const put = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; }, count = (n) => n.toLocaleString("en");
const make = (tag, ...children) => { const node = document.createElement(tag); node.append(...children); return node; };
const clock = (ms, s = ms / 1000 + S.run.start_hour * 3600, day = Math.floor(s / 86400)) =>
  (day ? `day ${day + 1} ` : "") + new Date(s % 86400 * 1000).toISOString().slice(11, 19);
function legend() {
  const row = (kind, colour, ...words) => { const i = make("i"); i.className = kind; i.style.background = colour; return make("li", i, ...words); };
  S.tallies = GROUPS.map(() => make("b", "0"));
  $("states").replaceChildren(...GROUPS.map(([words, colour], g) => row("dot", ink(colour), words, S.tallies[g])));
  $("signs").replaceChildren(row("square", ink("site"), "facility"), row("dot", ink("open"), "waiting"), row("dot", ink("gone"), "collected"),
    row("dot", ink("lapsed"), "missed"), ...S.reasons.map((reason) => row("square", zoneInk(reason), reason.replaceAll("_", " "))));
}
const banner = (text, bad = false) => { $("banner").hidden = !text; put("banner", text); $("banner").className = bad ? "bad" : ""; };
const choose = (name) => { S.chosen = name; redraw("movers", "text"); };
function listAlerts() {
  S.listed = S.alerts; $("calm").hidden = S.alerts.length > 0;
  $("list").replaceChildren(...S.alerts.slice(-MOST_LISTED).reverse().map((a) => {
    const when = a.t_ms === null ? "earlier" : clock(a.t_ms), i = S.index.get(a.entity);
    const words = `${when} · ${a.attack_class} · ${a.detector} ${a.score.toPrecision(3)} over ${a.threshold.toPrecision(3)}`;
    const onclick = () => { choose(a.entity); if (i < S.frame.x.length) look({ x: S.frame.x[i], y: S.frame.y[i] }); };
    return make("li", Object.assign(make("button", make("b", a.entity), make("small", words)), { title: a.evidence, onclick }));
  }));
}
function tell() {
  const { run, frame } = S, silent = Math.floor((performance.now() - S.heard) / 1000), i = S.index.get(S.chosen ?? S.hover);
  const words = { clock: clock(run.now_ms), waiting: count(S.open.size), collected: count(S.counts[0]), missed: count(S.counts[1]),
    alarms: count(S.counts[2]), pause: run.paused ? "Resume" : "Pause",
    pace: S.ended ? "ended" : run.paused ? "paused" : run.speed ? run.speed + "×" : "full speed",
    news: `${count(frame.x.length)} drones. Missed: ${count(S.lost)} messages. Skipped: ${count(S.skipped)} frames.`
      + (silent > 4 && S.live && !S.ended ? ` No news for ${silent} s.` : "") };
  for (const [id, text] of Object.entries(words)) put(id, text);
  $("done").style.width = Math.min(100, 100 * run.now_ms / run.end_ms) + "%"; $("steer").disabled = !S.hello.steer || !S.live || !!S.ended;
  [...$("speeds").children].forEach((button, k) => button.setAttribute("aria-pressed", SPEEDS[k][0] === run.speed));
  S.groups.forEach((group, g) => { S.tallies[g].textContent = count(group.length); });
  if (S.listed !== S.alerts) listAlerts(); $("card").hidden = !(i < frame.x.length);
  if (i < frame.x.length) {
    const name = S.roster[i], said = S.reports.get(name), state = STATES[frame.state[i]] + (S.quarantined.has(name) ? ", quarantined" : "");
    const facts = { state, "bound for": said?.bound_for || "–", order: said?.order_id || "–", speed: frame.speed[i].toFixed(1) + " m/s",
      height: frame.height[i].toFixed(0) + " m", battery: frame.wh[i].toFixed(0) + " Wh", load: frame.kg[i].toFixed(2) + " kg" };
    put("who", name); $("facts").replaceChildren(...Object.entries(facts).flatMap(([term, fact]) => [make("dt", term), make("dd", fact)]));
  }
  if (S.ended) banner(`The run is ${S.ended.status}. Digest ${S.ended.digest.slice(0, 23)}`, S.ended.status === "failed");
}
const painters = { ground: drawGround, marks: drawMarks, movers: drawMovers, text: tell };
function loop(now) {
  requestAnimationFrame(loop);
  if (S.run && S.view) for (const [what, paint] of Object.entries(painters)) if (due[what]) due[what] = paint(now);
}
// ---- the connection, and what the user does
function connect() {
  const socket = S.socket = Object.assign(new WebSocket(location.origin.replace("http", "ws") + "/bus"), { binaryType: "arraybuffer" });
  socket.onopen = () => { Object.assign(S, { live: true, opened: performance.now(), joined: 0 }); if (!S.ended) banner(""); };
  socket.onmessage = ({ data }) => { if (typeof data === "string") hear(JSON.parse(data)); else take(data); };
  socket.onclose = () => {
    S.live = false; redraw("text"); if (!S.ended) { banner("No contact with the run. Trying again.", true); setTimeout(connect, 1000); }
  };
}
function hear(said) {
  if ("steer" in said) { S.hello = said; put("title", said.title || "fleet"); document.title = (said.title ? said.title + " · " : "") + "fleet"; }
  else if (said.cause) { banner("Refused: " + said.cause, true); setTimeout(() => banner(""), 4000); }
}
const ask = (request) => { if (S.live && S.hello.steer) S.socket.send(JSON.stringify(request)); };
const act = { pause: () => ask({ do: S.run?.paused ? "resume" : "pause" }), step: () => ask({ do: "step", ticks: 1 }), fit: () => S.box && fit(),
  in: () => zoom(1.5), out: () => zoom(1 / 1.5), drop: () => choose(null) };
const keys = { " ": act.pause, ".": act.step, 0: act.fit, "+": act.in, "-": act.out, Escape: act.drop, ArrowLeft: () => pan(-60, 0),
  ArrowRight: () => pan(60, 0), ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60) };
function nearest({ offsetX, offsetY }) {
  const far = (i) => (i < 0 ? 14 : Math.hypot(sx(S.x[i]) - offsetX, sy(S.y[i]) - offsetY));
  let best = -1;
  for (let i = 0; S.view && i < S.x.length; i++) if (far(i) < far(best)) best = i;
  return S.roster[best] ?? null;
}
function feel(sky) { // one finger or the mouse pans, two fingers zoom, a tap chooses
  const fingers = new Map(), apart = (a, b) => Math.max(1, Math.hypot(a.offsetX - b.offsetX, a.offsetY - b.offsetY));
  let moved = 0;
  sky.onpointerdown = (e) => { sky.setPointerCapture(e.pointerId); fingers.set(e.pointerId, e); moved = 0; };
  sky.onpointermove = (e) => {
    const last = fingers.get(e.pointerId), other = [...fingers.values()].find((finger) => finger.pointerId !== e.pointerId);
    if (!last) { const name = nearest(e); if (name !== S.hover) { S.hover = name; redraw("movers", "text"); } return; }
    moved += Math.hypot(e.offsetX - last.offsetX, e.offsetY - last.offsetY);
    if (moved > 4) pan((last.offsetX - e.offsetX) / fingers.size, (e.offsetY - last.offsetY) / fingers.size);
    if (other) zoom(apart(e, other) / apart(last, other), other.offsetX, other.offsetY);
    fingers.set(e.pointerId, e);
  };
  sky.onpointerup = sky.onpointercancel = (e) => { fingers.delete(e.pointerId); if (moved <= 4 && e.type === "pointerup") choose(nearest(e)); };
  sky.addEventListener("wheel", (e) => { e.preventDefault(); zoom(Math.exp(-e.deltaY * 0.0015), e.offsetX, e.offsetY); }, { passive: false });
}
for (const [id, does] of Object.entries(act)) $(id).onclick = does;
$("speeds").append(...SPEEDS.map(([factor, words]) => Object.assign(make("button", words), { onclick: () => ask({ do: "speed", factor }) })));
document.onkeydown = (e) => {
  if (keys[e.key] && !e.ctrlKey && !e.metaKey && !(e.key === " " && e.target.tagName === "BUTTON")) { e.preventDefault(); keys[e.key](); }
};
matchMedia("(prefers-color-scheme: dark)").onchange = () => { legend(); redraw("ground", "marks", "movers"); };
new ResizeObserver(resize).observe($("map")); setInterval(() => redraw("text"), 1000);
legend(); resize(); feel($("movers")); connect(); loop(0); history.replaceState(null, "", location.pathname); // the token is in a cookie
window.fleet = { S, sx, sy }; // for tests and the curious
