// One question and its answer: markers, sources, the passages that were considered.

import { announce, copy, el, languageOf, placeOf } from "./dom.js";
import { number, say, label, t } from "./words.js";

const SHOWN = 220; // characters of a passage in the table

// The turn's element, and what fills it: hits(list), text(piece), answer(record), failed(message).
export function turn(question, open, retry) {
  const state = el("p", { className: "state" });
  const draft = el("p", { className: "draft", hidden: true });
  const body = el("div", { className: "body" });
  const heading = el("h2", { className: "asked", tabIndex: -1, lang: languageOf(question), textContent: question });
  const node = el("article", { className: "turn" }, heading, state, draft, body);
  node.setAttribute("aria-busy", "true");
  say(state, "searching");

  const done = () => {
    state.remove();
    draft.remove();
    node.setAttribute("aria-busy", "false");
  };
  return {
    node,
    heading,
    hits: (hits) => say(state, "considering", { n: hits.length }),
    text(piece) {
      say(state, "writing");
      draft.hidden = false;
      draft.append(piece);
    },
    answer(record) {
      done();
      body.replaceChildren(...answered(record, open));
    },
    failed(key, message) {
      done();
      const text = el("p", { className: "failure" });
      if (key) say(text, key);
      else text.textContent = message;
      body.replaceChildren(text, say(el("button", { type: "button", onclick: retry }), "retry"));
      announce(text.textContent, key !== "stopped");
    },
  };
}

function answered(record, open) {
  const cited = new Map(record.citations.map((citation) => [citation.marker, citation]));
  const go = (citation, from, focus = true) => open(citation, { marker: citation.marker, among: record.citations, from, focus });
  const parts = [];
  if (record.asked && record.asked !== record.question) parts.push(say(el("p", { className: "dim small" }), "understood-as", { text: record.question }));
  if (record.refused) {
    parts.push(el("p", { className: "refusal", textContent: record.reason, lang: languageOf(record.reason) }));
    announce(record.reason);
  } else {
    parts.push(el("p", { className: "answer", lang: languageOf(record.answer) }, ...marked(record.answer, record.short, cited, go)));
    const list = el("ol", { className: "sources" }, ...record.citations.map((citation) => sourceCard(citation, record, go)));
    parts.push(label(list, "sources"));
    announce(t("answer-ready", { n: record.citations.length, text: record.answer }));
  }
  if (record.hits.length) parts.push(considered(record, open));
  const tools = el("div", { className: "tools" });
  if (!record.refused) {
    tools.append(copies(say(el("button", { className: "quiet", type: "button" }), "copy"), () => written(record)));
  }
  tools.append(say(el("span", { className: "dim small" }), "took", { n: Math.round(record.took_ms) }));
  parts.push(tools);
  return parts;
}

// The answer with a button for each marker that has a citation; a marker stays with the word before it. The words that
// say just what was asked stand out where they first occur.
function marked(text, short, cited, go) {
  const lines = text.split("\n");
  const at = short ? lines.findIndex((line) => line.includes(short)) : -1;
  return lines.map((line, number) => {
    if (number !== at) return el("span", { className: "said" }, ...markedLine(line, cited, go));
    const start = line.indexOf(short);
    const rest = markedLine(line.slice(start + short.length), cited, go);
    const head = markedLine(line.slice(0, start), cited, go);
    return el("span", { className: "said" }, ...head, el("strong", {}, short), ...rest);
  });
}

function markedLine(text, cited, go) {
  const nodes = [];
  for (const part of text.split(/(\[\d+\])/)) {
    const citation = /^\[\d+\]$/.test(part) ? cited.get(Number(part.slice(1, -1))) : undefined;
    if (!citation) {
      nodes.push(part);
      continue;
    }
    const before = typeof nodes.at(-1) === "string" ? nodes.pop() : "";
    const [, head, tail] = /^(.*?)(\S{0,2})$/su.exec(before);
    nodes.push(head, el("span", { className: "keep" }, tail, marker(citation, go)));
  }
  return nodes;
}

function marker(citation, go) {
  const button = el("button", { className: "marker", type: "button", textContent: citation.marker, "data-marker": citation.marker });
  label(button, "marker", { n: citation.marker, title: citation.title });
  button.addEventListener("click", () => go(citation, button));
  let soon = 0;
  button.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "mouse") soon = setTimeout(() => go(citation, button, false), 140);
  });
  button.addEventListener("pointerleave", () => clearTimeout(soon));
  return button;
}

export const day = (date) => (date || "").slice(0, 10);

function where(one, source = placeOf(one.source)) {
  return one.place ? `${source} · ${one.place}` : `${source}:${one.line}`;
}

function sourceCard(citation, record, go) {
  const date = (record.hits.find((hit) => hit.doc_id === citation.doc_id) || {}).date;
  const button = el("button", { className: "card", type: "button", "data-source": citation.marker });
  const proof = el("span", { className: citation.verified ? "proof" : "proof not", title: citation.verified ? t("proven-note") : "" });
  const parts = [
    el("span", { className: "card-number", textContent: citation.marker, "aria-hidden": "true" }),
    el("span", { className: "card-title", lang: languageOf(citation.title), textContent: citation.title || placeOf(citation.source) }),
    record.answer.includes(citation.text) ? null : el("span", { className: "card-quote", lang: languageOf(citation.text), textContent: citation.text }),
    el("span", { className: "card-about dim small" }, [day(date), where(citation)].filter(Boolean).join("  ·  "), "  ·  ", say(proof, citation.verified ? "proven" : "unproven")),
  ];
  button.append(...parts.filter(Boolean));
  button.addEventListener("click", () => go(citation, button));
  return el("li", {}, button);
}

// "Why these?": the passages with the places that each side of the search gave them.
function considered(record, open) {
  const cited = (hit) => record.citations.some((one) => one.doc_id === hit.doc_id && one.start >= hit.start && one.end <= hit.end);
  const best = Math.max(...record.hits.map((hit) => hit.score), 1e-9);
  const lines = record.hits.map((hit) => {
    const button = el("button", { className: "passage", type: "button" },
      el("span", { className: "passage-title", lang: languageOf(hit.title), textContent: hit.title || hit.doc_id }),
      el("span", { className: "dim small", textContent: [day(hit.date), where(hit)].filter(Boolean).join("  ·  ") }),
      el("span", { className: "passage-text", lang: languageOf(hit.text), textContent: hit.text.length > SHOWN ? `${[...hit.text].slice(0, SHOWN).join("")}…` : hit.text }));
    button.addEventListener("click", () => open(hit, { from: button, focus: true }));
    const meter = el("meter", { min: 0, max: best, value: Math.max(0, hit.score), "aria-hidden": "true" });
    const sides = Object.entries(hit.found_by).map(([side, found]) => el("span", { className: "side" }, say(el("span"), side), ` ${found.rank}`));
    return el("tr", {},
      el("td", { className: "rank", textContent: hit.rank }),
      el("td", {}, button, cited(hit) ? say(el("span", { className: "tag" }), "cited") : null),
      el("td", { className: "score" }, number(Math.round(hit.score * 100) / 100), meter),
      el("td", { className: "sides" }, ...sides));
  });
  const head = ["rank", "passage", "score", "found-by"].map((key) => say(el("th", { scope: "col" }), key));
  const table = el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...lines));
  return el("details", { className: "why" },
    say(el("summary"), record.refused ? "nearest" : "why", { n: record.hits.length }),
    say(el("p", { className: "dim small" }), "why-note"),
    table);
}

// Have `button` copy what `text` gives, and say so for a moment.
export function copies(button, text) {
  const key = button.dataset.t;
  button.addEventListener("click", async () => {
    await copy(text());
    say(button, "copied");
    announce(t("copied"));
    setTimeout(() => say(button, key), 2000);
  });
  return button;
}

// An answer for the clipboard, in Markdown: the text, then each source with its quote.
export function written(record) {
  const line = (text) => text.replace(/\s+/g, " ").trim();
  const sources = record.citations.map((one) => {
    const date = day((record.hits.find((hit) => hit.doc_id === one.doc_id) || {}).date);
    const about = [line(one.title), date, where(one, one.source), t("characters", { start: one.start, end: one.end })].filter(Boolean).join(", ");
    return `[${one.marker}] ${about}\n> ${line(one.quote)}`;
  });
  return [record.refused ? record.reason : record.answer, ...sources].join("\n\n");
}
