// The page: a conversation on the left, the article that proves it on the right.

import * as api from "./api.js";
import { closeArticle, forget, openArticle, setUpReader } from "./article.js";
import { announce, byId, el, languageOf, wide } from "./dom.js";
import { setUpFiles } from "./files.js";
import { setUpLibrary } from "./library.js";
import { copies, day, turn, written } from "./turn.js";
import { errorKey, say, speakWith, t } from "./words.js";

const REMEMBERED = 10; // turns that are sent along, so that a question may lean on them
const LONGEST = 20000; // characters of an earlier answer that the server takes

const turns = []; // { asked, record, node, heading }
let running = null; // the AbortController of the question that is being answered

const index = () => byId("index").value || undefined;

function explain(problem) {
  const key = errorKey(problem.type);
  return key ? t(key) : problem.message;
}

const showIn = (library) => (one, how) => openArticle(one, library, how).catch((problem) => announce(explain(problem), true));

// -- filters

const FILTERS = ["since", "until", "source", "site"];

function filters() {
  const value = (name) => byId(name).value.trim();
  const source = value("source").split(/[,，;；]/).map((one) => one.trim()).filter(Boolean);
  const given = { since: value("since"), until: value("until"), site: value("site"), source };
  return Object.fromEntries(Object.entries(given).filter(([, one]) => one.length));
}

function countFilters() {
  const set = Object.keys(filters()).length;
  byId("filters-count").textContent = set;
  byId("filters-count").hidden = !set;
}

function setUpFilters() {
  byId("open-filters").addEventListener("click", () => {
    const open = byId("filters").hidden;
    byId("filters").hidden = !open;
    byId("open-filters").setAttribute("aria-expanded", String(open));
    if (open) byId("since").focus();
  });
  for (const name of FILTERS) byId(name).addEventListener("input", countFilters);
  byId("clear-filters").addEventListener("click", () => {
    for (const name of FILTERS) byId(name).value = "";
    countFilters();
    byId("question").focus();
  });
}

// -- asking

async function ask(question) {
  running?.abort();
  const mine = running = new AbortController();
  const history = turns.filter((one) => one.record).slice(-REMEMBERED).map(({ record }) => ({
    question: record.question,
    answer: (record.refused ? "" : record.answer).slice(0, LONGEST),
  }));
  const library = index();
  const show = showIn(library);
  byId("welcome").hidden = true;
  const view = turn(question, show, () => { drop(entry); ask(question); });
  const entry = { asked: question, record: null, node: view.node, heading: view.heading };
  turns.push(entry);
  counted();
  byId("turns").append(view.node);
  view.node.scrollIntoView({ block: "start" });
  announce(t("searching"));
  busy(true);
  try {
    entry.record = await api.ask({ question, index: library, history, ...filters() }, view, mine.signal);
    view.answer(entry.record);
    const [first] = entry.record.citations;
    if (!first) closeArticle(false); // what is still open proves another answer
    else if (wide()) show(first, { marker: first.marker, among: entry.record.citations, from: view.node.querySelector("[data-marker]") });
  } catch (problem) {
    if (problem.name === "AbortError") view.failed("stopped");
    else view.failed(problem.type === "not_found" ? "holds-none" : errorKey(problem.type), problem.message);
  } finally {
    if (running === mine) {
      running = null;
      busy(false);
    }
  }
}

function busy(yes) {
  say(byId("send"), yes ? "stop" : "ask");
  byId("send").classList.toggle("stop", yes);
}

function drop(entry) {
  entry.node.remove();
  turns.splice(turns.indexOf(entry), 1);
  counted();
}

function grow() {
  const box = byId("question");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
}

function setUpAsking() {
  const box = byId("question");
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) { running.abort(); return; }
    const question = box.value.trim();
    if (!question) { box.focus(); return; }
    box.value = "";
    grow();
    ask(question);
  });
  box.addEventListener("input", grow);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return; // Enter chooses a word in a Chinese input method
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (!running) byId("composer").requestSubmit();
    } else if (event.key === "ArrowUp" && !box.value && turns.length) {
      event.preventDefault();
      box.value = turns.at(-1).asked;
      grow();
    }
  });
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const digit = /^Digit([1-9])$/.exec(event.code);
    if (event.altKey && digit && !event.ctrlKey && !event.metaKey) {
      const marker = turns.at(-1)?.node.querySelector(`[data-marker="${digit[1]}"]`);
      if (marker) { event.preventDefault(); marker.click(); }
    } else if (event.key === "Escape") {
      if (closeArticle()) event.preventDefault();
    } else if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
      event.preventDefault();
      box.focus();
    }
  });
}

// -- the conversation

function counted() {
  byId("open-history").hidden = !turns.length;
  byId("turns-count").textContent = turns.length;
}

function setUpHistory() {
  const sheet = byId("history");
  byId("open-history").addEventListener("click", () => {
    const lines = turns.map((one) => {
      const button = el("button", { className: "line", type: "button", textContent: one.asked, lang: languageOf(one.asked) });
      button.addEventListener("click", () => {
        sheet.close();
        if (!wide()) closeArticle();
        one.node.scrollIntoView({ block: "start" });
        one.heading.focus({ preventScroll: true });
      });
      return el("li", {}, button);
    });
    byId("history-list").replaceChildren(...lines);
    sheet.showModal();
  });
  copies(byId("copy-all"), () => turns.filter((one) => one.record).map((one) => `## ${one.asked}\n\n${written(one.record)}`).join("\n\n"));
  byId("new").addEventListener("click", () => {
    running?.abort();
    sheet.close();
    closeArticle();
    turns.length = 0;
    byId("turns").replaceChildren();
    byId("welcome").hidden = false;
    counted();
    byId("question").focus();
  });
}

api.takeToken();
speakWith(byId("language"));
setUpReader();
setUpFilters();
setUpAsking();
setUpHistory();
const library = setUpLibrary(index, (one, how) => showIn(index())(one, how), explain, day);
setUpFiles(index, () => { forget(); library.load(); }, explain);
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
for (const sheet of document.querySelectorAll("dialog")) sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
library.load();
if (wide()) byId("question").focus();
