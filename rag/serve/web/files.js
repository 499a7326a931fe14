// Files that are dropped or chosen are sent, and the work on them is followed to its end.

import { ended, refresh, send } from "./api.js";
import { announce, byId, el, placeOf } from "./dom.js";
import { say, t } from "./words.js";

export function setUpFiles(index, changed, explain) {
  const busy = { now: false };

  const run = async (start) => {
    if (busy.now) return;
    busy.now = true;
    const [bar, what, skipped] = [byId("adding-bar"), byId("adding-what"), byId("adding-skipped")];
    byId("adding").hidden = false;
    byId("adding").classList.remove("failure");
    skipped.replaceChildren();
    bar.hidden = false;
    bar.removeAttribute("value");
    try {
      const { job } = await start((share) => {
        bar.value = share / 2; // the other half is the work
        say(what, "sending", { n: Math.round(share * 100) });
      });
      const report = await ended(job, (now) => told(now, bar, what));
      report.unchanged -= report.moved; // which are among them
      const parts = ["added", "changed", "moved", "removed", "unchanged"].filter((name) => report[name]).map((name) => t(name, { n: report[name] }));
      delete what.dataset.t;
      what.textContent = parts.join(" · ") || t("nothing-new");
      skipped.replaceChildren(...report.skipped.map((one) => say(el("li"), "skipped", { ...one, source: placeOf(one.source) })));
      announce(what.textContent);
      changed();
    } catch (problem) {
      delete what.dataset.t;
      what.textContent = explain(problem);
      byId("adding").classList.add("failure");
      announce(what.textContent, true);
    } finally {
      bar.hidden = true;
      busy.now = false;
    }
  };

  const add = (files) => files.length && run((progress) => send(files, index(), progress));
  byId("open-files").addEventListener("click", () => byId("files").click());
  byId("files").addEventListener("change", (event) => {
    add([...event.target.files]);
    event.target.value = "";
  });
  byId("close-adding").addEventListener("click", () => {
    byId("adding").hidden = true;
    byId("question").focus();
  });
  byId("refresh").addEventListener("click", () => {
    byId("articles").close();
    run(() => refresh(index()));
  });
  dropping(add);
}

// How far a job is, in words and on the bar.
function told(job, bar, what) {
  if (job.state === "queued") say(what, "queued");
  else if (job.total) say(what, "working", { done: Math.min(job.done + 1, job.total), total: job.total });
  else say(what, "working-begin");
  if (job.total) bar.value = 0.5 + job.done / job.total / 2;
}

// The whole page takes files; `dragleave` comes for each element, so they are counted.
function dropping(add) {
  let inside = 0;
  const shown = (yes) => { byId("drop").hidden = !yes; };
  const files = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => { if (files(event)) { inside++; shown(true); } });
  addEventListener("dragleave", (event) => { if (files(event)) { inside = Math.max(0, inside - 1); shown(inside > 0); } });
  addEventListener("dragover", (event) => { if (files(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    inside = 0;
    shown(false);
    add([...event.dataTransfer.files]);
  });
}
