// Small helpers: elements are made with textContent alone, so nothing in an article can become markup.

export const byId = (id) => document.getElementById(id);

// An element with properties, data-* and aria-* attributes, and children (nodes or strings).
export function el(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith("aria-") || key.startsWith("data-") || key === "role" || key === "for") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

let cleared = 0;

// Say something to a screen reader; said twice it is heard twice.
export function announce(text, urgent = false) {
  const place = byId(urgent ? "alert" : "status");
  place.textContent = "";
  clearTimeout(cleared);
  cleared = setTimeout(() => { place.textContent = text; }, 60);
}

// Which language a text is in, for the voice that reads it and the letters that show it.
export function languageOf(text) {
  const han = (text.slice(0, 4000).match(/\p{Script=Han}/gu) || []).length;
  return han * 4 > Math.min(text.length, 4000) ? "zh" : "en";
}

// Where an article is, for people: of a path from the root of a machine only the end.
export function placeOf(source) {
  const parts = source.split(/[/\\]/);
  return /^(\/|[A-Za-z]:\\)/.test(source) && parts.length > 3 ? `…/${parts.slice(-2).join("/")}` : source;
}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
export const wide = () => matchMedia("(min-width: 64rem)").matches;

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // over plain http from another machine a page has no clipboard
    const area = el("textarea", { value: text, className: "hidden" });
    (document.querySelector("dialog[open]") || document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

// A link out of an article: only addresses of the web, never javascript: or data:.
export function webAddress(text) {
  try {
    const address = new URL(text);
    return ["http:", "https:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}
