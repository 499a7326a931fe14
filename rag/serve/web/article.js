// The reader: an article with the cited stretch lit, its cleaned text beside it, and what cleaning changed.

import { article } from "./api.js";
import { announce, byId, el, languageOf, placeOf, still, webAddress, wide } from "./dom.js";
import { reasons, rows, unseen } from "./text.js";
import { label, number, reason, say, t } from "./words.js";
import { day } from "./turn.js";

const LONG = 400; // a longer stretch that was removed is folded
const KEPT = 20; // articles that are kept, so that stepping between sources is quick

const BLOCK = 40; // rows that are made together
const AT_ONCE = 400; // rows of an article that is made whole

const waiting = new Map(); // blocks that are still empty, with their rows
let near = null; // watches which of them come near
let aim = null; // keeps in view what was gone to, while what is above it gets its height, until the reader moves on
const heights = new ResizeObserver(() => aim?.());
const kept = new Map();
let shown = null; // { document, span, among, marker, from }
let asked = 0;

export function forget() {
  kept.clear();
}

async function load(docId, index) {
  const key = JSON.stringify([index, docId]);
  if (!kept.has(key)) {
    kept.set(key, article(docId, index));
    kept.get(key).catch(() => kept.delete(key));
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  }
  return kept.get(key);
}

// Show the article of a citation or a hit, or a whole one, scrolled to its stretch.
export async function openArticle(one, index, { marker, among = [], from, focus = false } = {}) {
  const mine = ++asked;
  const document = await load(one.doc_id, index);
  if (mine !== asked) return; // another was asked for meanwhile
  const span = one.end > one.start ? { start: one.start, end: one.end } : null;
  const again = shown && shown.document === document && shown.span?.start === span?.start && shown.span?.end === span?.end;
  const before = byId("reader").hidden || focus ? from : shown?.from;
  shown = { document, span, among, marker, index, from: before || from };
  byId("reader").hidden = false;
  reading(true);
  if (!again) draw();
  steps();
  for (const node of globalThis.document.querySelectorAll("[data-marker], [data-source]")) node.classList.remove("on");
  if (marker) for (const node of from?.closest(".turn")?.querySelectorAll(`[data-marker="${marker}"], [data-source="${marker}"]`) || []) node.classList.add("on");
  if (one.sha256 && one.sha256 !== document.sha256) note(t("moved-on"));
  else note("");
  toLit(focus);
  if (focus) announce(span ? t("opened", { title: document.title, text: one.text || "" }) : document.title);
}

export function closeArticle(focus = true) {
  if (byId("reader").hidden) return false;
  asked++;
  byId("reader").hidden = true;
  reading(false);
  for (const node of document.querySelectorAll(".on")) node.classList.remove("on");
  const back = shown?.from;
  shown = null;
  if (!focus) return true;
  if (back?.isConnected) back.focus();
  else byId("question").focus();
  return true;
}

// On a phone the reader covers the page, which then takes no focus.
function reading(yes) {
  globalThis.document.body.classList.toggle("reading", yes);
  for (const behind of globalThis.document.querySelectorAll(".bar, .conversation, .composer, .skip")) behind.inert = yes && !wide();
}

function toLit(focus) {
  const pages = byId("pages");
  const lit = [...pages.querySelectorAll("mark")].find((one) => one.getClientRects().length);
  const place = () => {
    if (!lit) { pages.scrollTop = 0; return; }
    const [box, frame] = [lit.getBoundingClientRect(), pages.getBoundingClientRect()];
    const top = pages.scrollTop + box.top - frame.top - Math.max(24, frame.height * 0.3);
    pages.scrollTo({ top, behavior: "instant" });
  };
  aim = place;
  place();
  if (!lit) {
    if (focus) byId("reader-title").focus({ preventScroll: true });
    return;
  }
  for (const one of pages.querySelectorAll("mark")) {
    one.classList.remove("flash");
    if (!still()) requestAnimationFrame(() => one.classList.add("flash"));
  }
  if (focus) {
    lit.tabIndex = -1;
    lit.focus({ preventScroll: true });
  }
}

function draw() {
  const { document, span } = shown;
  byId("reader-title").textContent = document.title || placeOf(document.source);
  byId("reader-title").lang = languageOf(document.title);
  const about = [document.author, document.site, day(document.date), placeOf(document.source)].filter(Boolean);
  const address = webAddress(document.url || "");
  byId("reader-about").replaceChildren(about.join("  ·  "));
  if (address) {
    const link = say(el("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }), "web-page");
    byId("reader-about").append("  ·  ", link);
  }
  const language = languageOf(document.cleaned || document.original);
  const grid = blocks(rows(document.original, document.edits, span));
  const text = el("div", { lang: language }, ...grid);
  const heads = ["original", "cleaned"].map((side) => say(el("p", { className: `cell ${side} side-name` }), side));
  byId("pages").replaceChildren(el("div", { className: "row heads" }, ...heads), text);
  heights.disconnect();
  heights.observe(text);
  drawReasons();
}

// Rows in blocks. Of a book only those are made that are lit or come near the window: all would be too much for a phone.
function blocks(made) {
  near?.disconnect();
  near = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting).forEach((one) => fill(one.target)), { root: byId("pages"), rootMargin: "1500px" });
  waiting.clear();
  const found = [];
  for (let at = 0; at < made.length; at += BLOCK) {
    const some = made.slice(at, at + BLOCK);
    const node = el("div");
    found.push(node);
    waiting.set(node, some);
    const lit = some.some((row) => [...row.original, ...row.cleaned].some((one) => one.lit));
    if (made.length <= AT_ONCE || lit) fill(node);
    else {
      const size = some.reduce((sum, row) => sum + row.original.reduce((length, one) => length + one.text.length, 0), 0);
      node.style.minHeight = `${some.length * 8 + size}px`; // about a pixel for each character, until it is known
      near.observe(node);
    }
  }
  return found;
}

function fill(node) {
  const side = (row, name) => el("div", { className: `cell ${name}` }, ...row[name].map(piece));
  node.append(...(waiting.get(node) || []).map((row) => el("div", { className: "row" }, side(row, "original"), side(row, "cleaned"))));
  node.style.minHeight = "";
  waiting.delete(node);
  near.unobserve(node);
}

function drawReasons() {
  const found = reasons(shown.document.edits);
  const chips = found.map(([why, numbers]) => {
    let at = -1;
    const count = el("span", { className: "count", textContent: numbers.length });
    const chip = el("button", { className: "chip", type: "button" }, el("span", { textContent: reason(why) }), " ", count);
    chip.addEventListener("click", () => {
      at = (at + 1) % numbers.length;
      toEdit(numbers[at], t("reason_at", { why: reason(why), n: at + 1, total: numbers.length }));
    });
    return chip;
  });
  byId("reasons").replaceChildren(...(chips.length ? chips : [say(el("span", { className: "dim small" }), "no-changes")]));
}

// Scroll to an edit and say what it did.
function toEdit(edit, where) {
  const pages = byId("pages");
  for (const one of pages.querySelectorAll(".at")) one.classList.remove("at");
  const holds = (row) => [...row.original, ...row.cleaned].some((one) => one.edit === edit);
  for (const [node, some] of waiting) if (some.some(holds)) fill(node);
  const found = [...pages.querySelectorAll(`[data-edit="${edit}"]`)];
  const seen = found.find((one) => one.getClientRects().length) || found[0];
  for (const one of found) one.classList.add("at");
  const { start, end, new: put, why } = shown.document.edits[edit];
  const old = [...shown.document.original].slice(start, Math.min(end, start + 80)).join("");
  note(`${where}: ${told(old, put, why)}`);
  announce(byId("reader-note").textContent);
  aim = () => seen?.isConnected && seen.scrollIntoView({ block: "center", behavior: "instant" });
  aim();
}

function told(old, put, why) {
  const short = (text) => (unseen(text) || text.replace(/\s+/g, " ").trim() || "␣").slice(0, 80);
  if (!put.trim()) return t("removed_why", { old: short(old), why: reason(why) });
  return old ? t("replaced_why", { old: short(old), new: short(put), why: reason(why) }) : t("put_why", { why: reason(why) });
}

function note(text) {
  byId("reader-note").textContent = text;
  byId("reader-note").hidden = !text;
}

// A piece of a row: kept text, what was removed (`del`) or put in (`ins`), with its reason; lit if it is cited.
function piece(one) {
  let node = one.text;
  if (one.kind === "removed") {
    const title = told(one.text, one.put, one.why);
    if (one.text.length > LONG && !one.lit) node = folded(one, title);
    else node = el("del", { title, "data-edit": one.edit, textContent: one.text, className: unseen(one.text) ? "unseen" : "" });
  } else if (one.kind === "put") {
    node = el("ins", { title: told(one.old, one.text, one.why), "data-edit": one.edit, textContent: one.text });
  }
  return one.lit ? el("mark", {}, node) : node;
}

function folded(one, title) {
  const button = say(el("button", { className: "cut", type: "button", "data-edit": one.edit }), "long_cut", { n: number(one.text.length), why: reason(one.why) });
  button.title = t("expand");
  button.addEventListener("click", () => button.replaceWith(el("del", { title, "data-edit": one.edit, textContent: one.text })));
  return button;
}

function steps() {
  const { among, marker } = shown;
  byId("steps").hidden = !marker || among.length < 2;
  if (marker) say(byId("step-at"), "step-at", { n: among.findIndex((one) => one.marker === marker) + 1, total: among.length });
}

function step(by) {
  const { among, marker, index, from } = shown;
  const at = among.findIndex((one) => one.marker === marker);
  const one = among[(at + by + among.length) % among.length];
  const source = from?.closest(".turn")?.querySelector(`[data-marker="${one.marker}"]`) || from;
  openArticle(one, index, { marker: one.marker, among, from: source }).then(() => { shown.from = source; });
  announce(t("marker", { n: one.marker, title: one.title }));
}

function view(name) {
  byId("reader").dataset.view = name;
  for (const button of document.querySelectorAll("[data-view]")) {
    if (button.matches("button")) button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
  if (shown) toLit(false);
}

export function setUpReader() {
  view(wide() ? "both" : "original");
  for (const button of document.querySelectorAll("button[data-view]")) button.addEventListener("click", () => view(button.dataset.view));
  matchMedia("(min-width: 64rem)").addEventListener("change", () => reading(Boolean(shown)));
  byId("close-reader").addEventListener("click", closeArticle);
  byId("step-back").addEventListener("click", () => step(-1));
  byId("step-on").addEventListener("click", () => step(1));
  for (const moved of ["wheel", "touchmove", "keydown", "pointerdown"]) byId("pages").addEventListener(moved, () => { aim = null; }, { passive: true });
  byId("pages").addEventListener("click", (event) => {
    const edit = event.target.closest("del[data-edit], ins[data-edit]");
    if (edit) note(edit.title);
  });
  document.addEventListener("language", () => { if (shown) draw(); });
  label(byId("pages"), "article-text");
}
