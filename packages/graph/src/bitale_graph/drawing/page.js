"use strict";
(() => {
const D = JSON.parse(document.getElementById("data").textContent);
const NS = "http://www.w3.org/2000/svg";
const MANY = 1500, GAP = 18, BETWEEN = 34, HEAD = 22, PAD = 10;
const make = (tag, props = {}, ...kids) => {
  const e = Object.assign(document.createElement(tag), props);
  e.append(...kids.filter(k => k !== null));
  return e;
};
const draw = (tag, attrs, text) => {
  const e = document.createElementNS(NS, tag);
  for (const k in attrs) if (attrs[k] !== "") e.setAttribute(k, attrs[k]);
  if (text !== undefined) e.textContent = text;
  return e;
};
// What is shown: a graph, what is open in it, what differs, and from where it is seen.
let graph = D.main, step = -1, side = "after", opened = new Set(), selected = null, hits = [], hit = -1, ringed = new Set();
let view = { x: 0, y: 0, k: 1 }, placed = null, marks = new Map();

// Places. Rows are given; where a box is open its row grows, and its neighbours make room.
function place(g, path) {
  const G = D.graphs[g], w = G.w.slice(), h = G.h.slice(), x = G.x.slice(), y = [], inner = {};
  G.boxes.forEach((b, k) => {
    const id = path + k;
    if (!b[6].length || !opened.has(id)) return;
    inner[k] = b[6].map(([, one], j) => place(one, id + "." + j + "/"));
    w[k] = Math.max(w[k], inner[k].reduce((sum, p) => sum + p.width + 2 * PAD, 0));
    h[k] += HEAD + PAD + Math.max(...inner[k].map(p => p.height));
  });
  const width = v => w[v] || 0;
  let top = 0;
  const tall = [], rowOf = [];
  G.rows.forEach((row, r) => {
    const first = row.findIndex(v => inner[v]);
    if (first >= 0) {
      const least = (a, b) => (width(a) + width(b)) / 2 + GAP;
      for (let i = first + 1; i < row.length; i++)
        x[row[i]] = Math.max(x[row[i]], x[row[i - 1]] + least(row[i - 1], row[i]));
      for (let i = first - 1; i >= 0; i--)
        x[row[i]] = Math.min(x[row[i]], x[row[i + 1]] - least(row[i], row[i + 1]));
    }
    tall[r] = 0;
    for (const v of row) { tall[r] = Math.max(tall[r], h[v] || 0); rowOf[v] = r; }
    for (const v of row) y[v] = top + tall[r] / 2;
    top += tall[r] + BETWEEN;
  });
  let left = Infinity, right = 0;
  x.forEach((at, v) => { left = Math.min(left, at - width(v) / 2); right = Math.max(right, at + width(v) / 2); });
  if (left === Infinity) left = 0;
  return { G, path, inner, x: x.map(at => at - left), y, w, h, tall, rowOf, width: right - left, height: Math.max(top - BETWEEN, 0) };
}
function flat(p, left, top, out) {
  p.G.boxes.forEach((box, k) => {
    const item = { id: p.path + k, box, k, p, x: left + p.x[k], y: top + p.y[k], w: p.w[k], h: p.h[k], depth: p.depth || 0 };
    out.items.push(item);
    out.byId.set(item.id, item);
  });
  p.G.ways.forEach((way, i) => {
    const a = way[0], b = way[way.length - 1];
    const points = [[left + p.x[a], top + p.y[a] + p.h[a] / 2]];
    for (const v of way.slice(1, -1)) {
      const half = p.tall[p.rowOf[v]] / 2;
      points.push([left + p.x[v], top + p.y[v] - half], [left + p.x[v], top + p.y[v] + half]);
    }
    points.push([left + p.x[b], top + p.y[b] - p.h[b] / 2]);
    out.ways.push({ points, from: p.path + a, to: p.path + b, text: p.G.texts[i] });
  });
  for (const k in p.inner) {
    const total = p.inner[k].reduce((sum, q) => sum + q.width + 2 * PAD, 0);
    let at = left + p.x[k] - total / 2 + PAD;
    const y = top + p.y[k] - p.h[k] / 2 + p.G.h[k];
    p.inner[k].forEach((q, j) => {
      out.frames.push({ x: at - 4, y, w: q.width + 8, h: q.height + HEAD + 4, title: p.G.boxes[k][6][j][0], of: p.path + k });
      q.depth = (p.depth || 0) + 1;
      flat(q, at, y + HEAD, out);
      at += q.width + 2 * PAD;
    });
  }
  return out;
}
const curve = points => points.slice(1).reduce((path, [u, v], i) => {
  const [x, y] = points[i], m = (y + v) / 2;
  return path + (u === x ? `V${v}` : `C${x},${m} ${u},${m} ${u},${v}`);
}, `M${points[0]}`);

// The page.
const title = make("h1", { textContent: D.title, title: D.title });
const facts = make("span", { className: "facts" });
const search = make("input", { type: "search", placeholder: "Search  ( / )", ariaLabel: "Search names, ops, types and lines" });
const found = make("span", { id: "found", ariaLive: "polite" });
const button = (text, label, act, id = "") => {
  const b = make("button", { textContent: text, title: label, ariaLabel: label, onclick: act, id });
  b.type = "button";
  return b;
};
document.body.append(make("header", {}, title, facts, make("span", { className: "room" }), search, found,
  button("−", "Zoom out ( - )", () => zoom(1 / 1.25)), button("+", "Zoom in ( + )", () => zoom(1.25)),
  button("Fit", "Show all ( 0 )", () => fit(0.02), "fit"),
  button("Open all", "Open or close every loop", openAll, "openall")));
const nav = make("nav", { ariaLabel: "What the rewriter did" });
const main = make("main");
const svg = draw("svg", { tabindex: 0, role: "group", "aria-label": "The graph; arrow keys move it" });
const defs = draw("defs", {});
for (const [id, fill] of [["tip", "#98a2b0"], ["tipu", "#174d8c"], ["tipo", "#0b57d0"]]) {
  const m = draw("marker", { id, viewBox: "0 0 8 8", refX: 7.5, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto", markerUnits: "userSpaceOnUse" });
  m.append(draw("path", { d: "M0,.8L8,4L0,7.2z", fill }));
  defs.append(m);
}
const world = draw("g", {});
svg.append(defs, world);
const aside = make("aside", { hidden: true, ariaLabel: "About the selected node" });
const bar = make("div", { className: "bar", hidden: true });
main.append(svg, aside, bar);
document.body.append(nav, main);

function layout() {
  placed = flat(place(graph, ""), 0, 0, { items: [], ways: [], frames: [], byId: new Map() });
  placed.width = Math.max(...placed.items.map(i => i.x + i.w / 2).slice(0, 60000), 1);
  placed.height = placed.items.reduce((most, i) => Math.max(most, i.y + i.h / 2), 1);
  const n = D.graphs[graph].boxes.filter(b => ["op", "loop", "graph"].includes(b[0])).length;
  facts.textContent = `${n} node${n === 1 ? "" : "s"}`;
}
function visible(x0, y0, x1, y1) {
  const r = svg.getBoundingClientRect();
  return x1 >= -view.x / view.k && x0 <= (r.width - view.x) / view.k &&
    y1 >= -view.y / view.k && y0 <= (r.height - view.y) / view.k;
}
function render() {
  const all = placed.items.length <= MANY;
  const items = all ? placed.items : placed.items.filter(i => visible(i.x - i.w / 2, i.y - i.h / 2, i.x + i.w / 2, i.y + i.h / 2));
  const ways = all ? placed.ways : placed.ways.filter(e => {
    const xs = e.points.map(p => p[0]);
    return visible(Math.min(...xs), e.points[0][1], Math.max(...xs), e.points[e.points.length - 1][1]);
  });
  world.replaceChildren();
  // So many that nobody reads them: forms alone, one path of each kind.
  if (items.length > MANY) {
    const kinds = {};
    for (const i of items) (kinds[i.box[0]] ||= []).push(`M${i.x - i.w / 2},${i.y - i.h / 2}h${i.w}v${i.h}h${-i.w}z`);
    world.append(draw("path", { d: ways.map(e => `M${e.points.map(p => p.join()).join("L")}`).join(""), class: "way" }));
    for (const kind in kinds) world.append(draw("path", { d: kinds[kind].join(""), fill: D.looks[kind][0], stroke: D.looks[kind][1] }));
    return;
  }
  const bones = draw("g", {}), levels = [];
  world.append(bones);
  const level = d => levels[d] ||= [draw("g", {}), draw("g", {})];
  for (const e of ways) {
    const update = e.text === "update", on = selected === e.from || selected === e.to;
    const d = (e.to.match(/\//g) || []).length;
    level(d)[0].append(draw("path", { d: curve(e.points), class: "way" + (update ? " update" : "") + (on ? " on" : ""), "marker-end": `url(#${on ? "tipo" : update ? "tipu" : "tip"})` }));
    if (e.text) {
      const [x, y] = e.points[e.points.length - 1];
      level(d)[0].append(draw("text", { x: x + 26, y: y - 9, "font-size": D.small, fill: "#174d8c" }, e.text));
    }
  }
  for (const i of items) level((i.id.match(/\//g) || []).length)[1].append(boxOf(i));
  for (const [back, front] of levels.filter(Boolean)) world.append(back, front);
  world.classList.toggle("faint", selected !== null);
}
// Where the function was profiled: the seconds of a node with all that runs in it. A bar in its box shows the share.
const timeOf = box => (D.about[box[5]].time || 0) + box[6].reduce((sum, [, inner]) => sum + timeIn(inner), 0);
const timeIn = graph => D.graphs[graph].boxes.reduce((sum, box) => sum + timeOf(box), 0);
const whole = timeIn(D.main);
function boxOf(i) {
  const [kind, label, note, key, , , bodies] = i.box, [fill, line, ink, round, dash] = D.looks[kind];
  const open = opened.has(i.id) && bodies.length, base = i.p.G.h[i.k], top = i.y - i.h / 2;
  const classes = ["box", kind, marks.get(key) || "", selected === i.id ? "on" : "", ringed.has(i.id) ? "hit" : ""];
  const g = draw("g", { class: classes.join(" "), tabindex: 0, role: "button", "data-id": i.id, "aria-label": `${D.meanings[kind]} ${label} ${note}` + (bodies.length ? (open ? ", open" : ", closed") : "") });
  const small = kind === "constant" || kind === "reference";
  g.append(draw("rect", { x: i.x - i.w / 2, y: top, width: i.w, height: i.h, rx: Math.min(round, i.h / 2), fill, stroke: line, "stroke-dasharray": dash }));
  const share = whole && timeOf(i.box) / whole;
  if (share) g.append(draw("rect", { x: i.x - i.w / 2 + 4, y: top + base - 4, width: Math.max((i.w - 8) * share, 1), height: 3, class: "time" }));
  const y = top + base / 2 + (small ? 3.4 : 4.3) - (note ? 7 : 0);
  g.append(draw("text", { x: i.x, y, "font-size": small ? D.small : 12, fill: ink, "font-weight": bodies.length ? 600 : "" }, label));
  if (note) g.append(draw("text", { x: i.x, y: y + 14, "font-size": D.small, fill: "#5b6675" }, note));
  if (bodies.length) {
    const b = draw("g", { class: "fold" });
    b.append(draw("circle", { cx: i.x + i.w / 2, cy: top, r: 7.5, fill: "#fff", stroke: line }),
      draw("path", { d: `M${i.x + i.w / 2 - 4},${top}h8` + (open ? "" : `m-4,-4v8`), stroke: line, "stroke-width": 1.6 }));
    b.addEventListener("click", event => { event.stopPropagation(); toggle(i.id); });
    g.append(b);
  }
  if (open) for (const f of placed.frames.filter(f => f.of === i.id))
    g.append(draw("rect", { x: f.x, y: f.y, width: f.w, height: f.h, rx: 4, fill: "#fff", stroke: line, "stroke-dasharray": "2 2" }),
      draw("text", { x: f.x + f.w / 2, y: f.y + 14, "font-size": D.small, fill: "#5b6675" }, f.title));
  g.addEventListener("click", () => { if (!moved) select(i.id); });
  g.addEventListener("dblclick", () => toggle(i.id));
  g.addEventListener("keydown", event => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (selected === i.id && bodies.length) toggle(i.id); else select(i.id);
    world.querySelector(`[data-id="${i.id}"]`)?.focus();
  });
  return g;
}
let waiting = false;
function move() {
  world.setAttribute("transform", `translate(${view.x},${view.y}) scale(${view.k})`);
  if (placed.items.length > MANY && !waiting) {
    waiting = true;
    requestAnimationFrame(() => { waiting = false; render(); });
  }
}
function zoom(by, cx, cy) {
  const r = svg.getBoundingClientRect();
  cx ??= r.width / 2; cy ??= r.height / 2;
  const k = Math.min(4, Math.max(0.02, view.k * by));
  view = { k, x: cx - (cx - view.x) * k / view.k, y: cy - (cy - view.y) * k / view.k };
  move();
}
function fit(least) {
  const r = svg.getBoundingClientRect(), room = 28;
  const k = Math.max(least, Math.min(1.25, (r.width - 2 * room) / placed.width, (r.height - 2 * room) / placed.height));
  view = { k, x: (r.width - placed.width * k) / 2, y: Math.max(room, (r.height - placed.height * k) / 2) };
  if (placed.height * k > r.height) view.y = room;
  // What is wider than the window is met where it begins.
  if (placed.width * k > r.width) {
    const first = placed.items.filter(i => i.depth === 0 && i.y - i.h / 2 < 40).map(i => i.x);
    if (first.length) view.x = r.width / 2 - k * (Math.min(...first) + Math.max(...first)) / 2;
  }
  move();
}
function centre(id) {
  const i = placed.byId.get(id), r = svg.getBoundingClientRect();
  if (!i) return;
  const k = Math.max(view.k, 0.85);
  view = { k, x: (r.width - 320) / 2 - i.x * k, y: r.height / 2 - Math.min(i.y, i.y - i.h / 2 + 200) * k };
  move();
}
function refresh() { layout(); render(); move(); }
function toggle(id) {
  const before = placed.byId.get(id);
  if (!before || !before.box[6].length) return;
  if (!opened.delete(id)) opened.add(id);
  const at = [before.x * view.k + view.x, (before.y - before.h / 2) * view.k + view.y];
  layout();
  const now = placed.byId.get(id);
  view.x = at[0] - now.x * view.k;
  view.y = at[1] - (now.y - now.h / 2) * view.k;
  render(); move();
  if (selected === id) about(id);
}
function openAll() {
  const any = placed.items.some(i => i.box[6].length && !opened.has(i.id));
  if (!any) opened.clear();
  for (let round = 0; any && round < 12 && placed.items.length < 20000; round++) {
    const closed = placed.items.filter(i => i.box[6].length && !opened.has(i.id));
    if (!closed.length) break;
    closed.forEach(i => opened.add(i.id));
    layout();
  }
  refresh(); fit(0.3);
}
function select(id) {
  selected = id;
  render();
  about(id);
}
function about(id) {
  const i = id === null ? null : placed.byId.get(id);
  aside.hidden = !i;
  aside.replaceChildren();
  if (!i) return;
  const [kind, label, , , of, told, bodies] = i.box, A = D.about[told], list = make("dl");
  const row = (name, ...what) => { if (what.length) list.append(make("dt", { textContent: name }), ...what.map(w => make("dd", {}, w))); };
  row("kind", D.meanings[kind]);
  if (A.op && A.op !== label) row("op", make("code", { textContent: A.op }));
  if (A.type) row("type and shape", A.type);
  if (A.reads) row("reads", ...A.reads);
  if (A.gives) row("gives", ...A.gives);
  const took = timeOf(i.box), scaled = took < 1e-3 ? [took * 1e6, "µs"] : [took * 1e3, "ms"];
  if (took) row("time", `${scaled[0].toPrecision(3)} ${scaled[1]}, ${(100 * took / whole).toFixed(1)} % of all nodes`);
  if (A.place !== undefined) row("runs as number", String(A.place));
  const at = A["made at"];
  if (at) {
    const where = make("div", { textContent: `${at.file}, line ${at.line}, in ${at.function}` });
    row("your line", at.text ? make("div", {}, where, make("code", { textContent: at.text })) : where);
  }
  aside.append(button("×", "Close", () => select(null)), make("h3", { textContent: label }), list);
  aside.firstChild.className = "shut";
  if (bodies.length) {
    const b = button(opened.has(id) ? "Close its graph" : "Open its graph", "Open or close (Enter)", () => toggle(id), "openone");
    b.className = "open";
    aside.append(b);
  }
  if (of >= 0) aside.append(button("Go to it", "Show what this stands for", () => go(i.p.path + of)));
}
function go(id) { select(id); centre(id); }

// Search, in what is closed too.
function look() {
  const words = search.value.trim().toLowerCase();
  hits = []; hit = -1;
  if (words) {
    const walk = (g, path, depth) => D.graphs[g].boxes.forEach((b, k) => {
      if (hits.length >= 2000) return;
      const A = D.about[b[5]], at = A["made at"];
      const text = [b[1], b[2], A.op, A.type, ...(A.reads || []), at ? `${at.file}:${at.line} ${at.function} ${at.text}` : ""].join("\n").toLowerCase();
      if ([b[1], b[2], A.op].join("\n").toLowerCase().includes(words)) hits.push({ id: path + k, rank: 0 });
      else if (text.includes(words)) hits.push({ id: path + k, rank: 1 });
      if (depth < 12) b[6].forEach(([, one], j) => walk(one, `${path}${k}.${j}/`, depth + 1));
    });
    walk(graph, "", 0);
    hits.sort((a, b) => a.rank - b.rank);
  }
  ringed = new Set(hits.filter(h => h.rank === (hits[0].rank)).map(h => h.id));
  found.textContent = words ? (hits.length ? `${hits.length} found` : "none found") : "";
  render();
}
function next(by) {
  if (!hits.length) return;
  hit = (hit + by + hits.length) % hits.length;
  const id = hits[hit].id, outer = id.split("/").slice(0, -1);
  outer.forEach((_, n) => opened.add(outer.slice(0, n + 1).join("/").replace(/\.\d+$/, "")));
  layout(); go(id);
  found.textContent = `${hit + 1} of ${hits.length}`;
}

// The passes.
function signature(g) {
  const G = D.graphs[g], sources = new Map();
  const key = v => G.boxes[v][3];
  G.ways.forEach(way => { const b = way[way.length - 1]; sources.set(key(b), `${sources.get(key(b)) || ""},${key(way[0])}`); });
  return new Map(G.boxes.filter(b => b[3] >= 0 && b[6] && ["op", "loop", "graph"].includes(b[0])).map(b => [b[3], sources.get(b[3]) || ""]));
}
function difference(n) {
  if (n < 1) return { added: [], removed: [], changed: [] };
  const a = signature(D.steps[n - 1].graph), b = signature(D.steps[n].graph);
  return {
    added: [...b.keys()].filter(k => !a.has(k)), removed: [...a.keys()].filter(k => !b.has(k)),
    changed: [...b.keys()].filter(k => a.has(k) && a.get(k) !== b.get(k)),
  };
}
function show(n, which = "after") {
  step = Math.max(-1, Math.min(D.steps.length - 1, n));
  side = step > 0 ? which : "after";
  graph = step < 0 ? D.main : D.steps[side === "before" ? step - 1 : step].graph;
  selected = null; opened = new Set(); marks = new Map(); about(null);
  const d = difference(step);
  d.changed.forEach(k => marks.set(k, "changed"));
  (side === "before" ? d.removed : d.added).forEach(k => marks.set(k, side === "before" ? "removed" : "added"));
  nav.querySelectorAll(".step").forEach(b => b.setAttribute("aria-current", Number(b.dataset.step) === step));
  nav.querySelector(`.step[data-step="${step}"]`)?.scrollIntoView({ block: "nearest" });
  bar.hidden = step < 0;
  if (step >= 0) {
    const s = D.steps[step], rules = s.rules.map(([name, n]) => n > 1 ? `${name} ×${n}` : name).join(", ");
    const choose = (name, label) => { const b = button(label, `The graph ${name} this pass`, () => show(step, name), name); b.setAttribute("aria-pressed", side === name); b.disabled = step < 1; return b; };
    const told = make("span", { textContent: rules || s.purpose, title: `${s.purpose}\n${rules}` });
    bar.replaceChildren(button("‹", "Pass before ( [ )", () => show(step - 1)), button("›", "Next pass ( ] )", () => show(step + 1), "next"),
      make("b", { textContent: s.name }), choose("before", "Before"), choose("after", "After"), told);
  }
  layout();
  if (search.value) look();
  fit(0.72); render();
}
function contents() {
  const steps = D.steps.map((s, n) => {
    const d = difference(n), b = button("", s.purpose, () => show(n));
    const counts = make("span", { className: "diff" });
    if (n && !d.removed.length && !d.added.length) counts.append(`~${d.changed.length}`);
    else if (n) counts.append(make("span", { className: "minus", textContent: `−${d.removed.length}` }), " ", make("span", { className: "plus", textContent: `+${d.added.length}` }));
    b.replaceChildren(make("span", { textContent: s.name }), counts);
    b.className = "step"; b.dataset.step = n;
    return b;
  });
  const result = button("What is run", "The graph that is run", () => show(-1));
  result.className = "step"; result.dataset.step = -1;
  const kinds = new Set(D.graphs.flatMap(g => g.boxes.map(b => b[0])));
  const keys = Object.keys(D.meanings).filter(k => kinds.has(k)).map(k => {
    const [fill, line, , round, dash] = D.looks[k], i = make("i");
    Object.assign(i.style, { background: fill, borderColor: line, borderStyle: dash ? "dashed" : "solid", borderRadius: `${Math.min(round, 7)}px` });
    return make("div", { className: "key" }, i, D.meanings[k]);
  });
  nav.append(make("h2", { textContent: "Graph" }), result);
  if (steps.length) nav.append(make("h2", { textContent: "Rewriting, pass by pass" }), ...steps);
  nav.append(...D.notes.map(textContent => make("p", { textContent })), make("h2", { textContent: "Colours" }), ...keys);
}

// Mouse, fingers and keys.
let drag = null, moved = false;
const pointers = new Map();
svg.addEventListener("pointerdown", e => { pointers.set(e.pointerId, e); drag = { x: e.clientX, y: e.clientY, from: { ...view } }; moved = false; });
window.addEventListener("pointermove", e => {
  if (!pointers.has(e.pointerId)) return;
  const last = pointers.get(e.pointerId);
  pointers.set(e.pointerId, e);
  if (pointers.size === 2) {
    const other = [...pointers.values()].find(p => p.pointerId !== e.pointerId), r = svg.getBoundingClientRect();
    const apart = p => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY) || 1;
    moved = true;
    return zoom(apart(e) / apart(last), (e.clientX + other.clientX) / 2 - r.left, (e.clientY + other.clientY) / 2 - r.top);
  }
  const dx = e.clientX - drag.x, dy = e.clientY - drag.y;
  if (Math.abs(dx) + Math.abs(dy) > 4) moved = true;
  if (moved) { view.x = drag.from.x + dx; view.y = drag.from.y + dy; move(); }
});
for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, e => pointers.delete(e.pointerId));
svg.addEventListener("wheel", e => {
  e.preventDefault();
  const r = svg.getBoundingClientRect();
  zoom(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0016)), e.clientX - r.left, e.clientY - r.top);
}, { passive: false });
svg.addEventListener("click", e => { if (e.target === svg && !moved && selected !== null) select(null); });
search.addEventListener("input", look);
search.addEventListener("keydown", e => {
  if (e.key === "Enter") next(e.shiftKey ? -1 : 1);
  if (e.key === "Escape") { search.value = ""; look(); svg.focus(); }
});
document.addEventListener("keydown", e => {
  if (e.target === search || e.ctrlKey || e.metaKey || e.altKey) return;
  const far = 80, keys = {
    "/": () => { e.preventDefault(); search.focus(); }, "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": () => fit(0.02),
    "[": () => show(step - 1), "]": () => show(step + 1), Escape: () => select(null), n: () => next(1), N: () => next(-1),
    ArrowLeft: () => { view.x += far; move(); }, ArrowRight: () => { view.x -= far; move(); },
    ArrowUp: () => { view.y += far; move(); }, ArrowDown: () => { view.y -= far; move(); },
  };
  keys[e.key]?.();
});
window.addEventListener("resize", () => move());
contents();
show(-1);
})();
