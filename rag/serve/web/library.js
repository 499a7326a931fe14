// What the library holds: its indexes, its articles, and suggestions for the filters.

import { ended, get, remove } from "./api.js";
import { announce, byId, el, languageOf, placeOf } from "./dom.js";
import { say, t } from "./words.js";

const PAGE = 50;
const RECENT = 6;

export function setUpLibrary(index, open, explain, day) {
  let listed = [];

  const about = (one) => [one.site, day(one.date)].filter(Boolean).join("  ·  ");
  const article = (one, className, from) => {
    const button = el("button", { className, type: "button" },
      el("span", { className: "line-title", textContent: one.title || placeOf(one.source), lang: languageOf(one.title) }),
      el("span", { className: "dim small", textContent: about(one) || placeOf(one.source) }));
    button.addEventListener("click", () => {
      byId("articles").close();
      open({ doc_id: one.doc_id }, { from: from || button, focus: true });
    });
    return button;
  };

  const page = async (offset) => {
    const given = await get("/api/documents", { index: index(), offset, limit: PAGE });
    listed = offset ? [...listed, ...given.documents] : given.documents;
    byId("more-articles").hidden = listed.length >= given.total;
    draw();
  };

  const draw = () => {
    const lines = listed.map((one) => {
      const button = say(el("button", { className: "quiet small", type: "button" }), "remove");
      button.setAttribute("aria-label", `${t("remove")}: ${one.title || one.source}`);
      button.addEventListener("click", async () => {
        if (!confirm(t("remove-sure", { title: one.title || one.source }))) return;
        try {
          await ended((await remove(one.doc_id, index())).job);
          await load();
        } catch (problem) {
          announce(explain(problem), true);
        }
      });
      return el("li", {}, article(one, "line", byId("open-articles")), button);
    });
    byId("articles-list").replaceChildren(...(lines.length ? lines : [say(el("li", { className: "dim" }), "none-here")]));
    const newest = [...listed].sort((a, b) => (b.date || "").localeCompare(a.date || "")).slice(0, RECENT);
    byId("recent").replaceChildren(...newest.map((one) => el("li", {}, article(one, "recent-card"))));
    const options = (values) => [...new Set(values)].filter(Boolean).sort().map((value) => el("option", { value }));
    const folders = listed.map((one) => one.source.slice(0, one.source.lastIndexOf("/") + 1));
    byId("sources").replaceChildren(...options([...folders, ...listed.map((one) => one.source)]));
    byId("sites").replaceChildren(...options(listed.map((one) => one.site).filter((site) => /\./.test(site))));
  };

  // The articles are those of the index that is chosen; at first that is the server's default, which needs no name.
  const load = async () => {
    try {
      const before = byId("index").value;
      const [{ indexes, default: first }] = await Promise.all([get("/api/indexes"), before ? null : page(0)]);
      const chosen = before || first;
      byId("index").replaceChildren(...indexes.map((one) => el("option", { value: one.name, textContent: one.name, selected: one.name === chosen })));
      byId("index").hidden = indexes.length < 2;
      const one = indexes.find((each) => each.name === chosen) || indexes[0];
      if (!one?.documents) say(byId("holds"), "holds-none");
      else say(byId("holds"), "holds", { documents: one.documents, passages: one.passages });
      if (before) await page(0);
    } catch (problem) {
      delete byId("holds").dataset.t;
      byId("holds").textContent = explain(problem);
    }
  };

  byId("index").addEventListener("change", load);
  byId("more-articles").addEventListener("click", () => page(listed.length).catch((problem) => announce(explain(problem), true)));
  byId("open-articles").addEventListener("click", () => byId("articles").showModal());
  return { load };
}
