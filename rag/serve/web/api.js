// The HTTP API of `rag serve`.

const KEY = "rag-token";
let token = "";

// The token comes in the fragment, which no server sees, and leaves the address bar at once.
export function takeToken() {
  const found = /[#&]token=([^&]+)/.exec(location.hash);
  if (found) {
    sessionStorage.setItem(KEY, decodeURIComponent(found[1]));
    history.replaceState(null, "", location.pathname + location.search);
  }
  token = sessionStorage.getItem(KEY) || "";
}

export class Failed extends Error {
  constructor(type, message, status = 0) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

const headers = (more = {}) => (token ? { Authorization: `Bearer ${token}`, ...more } : more);

async function checked(response) {
  if (response.ok) return response;
  let error = {};
  try {
    error = (await response.json()).error || {};
  } catch { /* not of this server */ }
  throw new Failed(error.type || "http", error.message || `HTTP ${response.status}`, response.status);
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers(options.headers) });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Failed("network", "");
  }
  return checked(response);
}

const query = (values) => {
  const known = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return known.length ? `?${new URLSearchParams(known)}` : "";
};

export const get = async (path, values = {}) => (await call(path + query(values))).json();
export const remove = async (docId, index) => (await call(`/api/documents/${encodeURIComponent(docId)}${query({ index })}`, { method: "DELETE" })).json();
export const refresh = async (index) => (await call(`/api/refresh${query({ index })}`, { method: "POST" })).json();
export const article = (docId, index) => get(`/api/documents/${encodeURIComponent(docId)}`, { index });

// Ask; `on` has hits(list) and text(piece). Returns the answer.
export async function ask(body, on, signal) {
  const response = await call("/api/ask", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify(body),
    signal,
  });
  if (!(response.headers.get("Content-Type") || "").startsWith("text/event-stream")) return response.json();
  for await (const [event, data] of events(response.body)) {
    if (event === "hits") on.hits(data.hits);
    else if (event === "text") on.text(data.text);
    else if (event === "answer") return data;
    else if (event === "error") throw new Failed(data.error.type, data.error.message);
  }
  throw new Failed("network", "");
}

// Server-sent events: blocks of `event:` and `data:` lines with an empty line after each.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest = (rest + (done ? "\n\n" : value)).replace(/\r\n/g, "\n");
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split("\n").filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, "")).join("\n");
      const data = field("data");
      if (data) yield [field("event") || "message", JSON.parse(data)];
    }
    if (done) return;
  }
}

// Send files; `progress` is given the share that was sent. fetch cannot tell that, XMLHttpRequest can.
export function send(files, index, progress) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/documents${query({ index })}`);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => reject(new Failed("network", ""));
    request.onload = () => {
      const error = (request.response || {}).error || {};
      if (request.status < 300) resolve(request.response);
      else reject(new Failed(error.type || "http", error.message || `HTTP ${request.status}`, request.status));
    };
    request.send(form);
  });
}

const EVERY = 400; // ms between two looks at a job
const wait = (time) => new Promise((done) => setTimeout(done, time));

// The report of a job, when it is over; `tell` is given the job meanwhile.
export async function ended(id, tell = () => {}) {
  for (;;) {
    const job = await get(`/api/jobs/${encodeURIComponent(id)}`);
    if (job.state === "failed") throw new Failed(job.error?.type, job.error?.message || "failed");
    if (job.state === "done") return job.report;
    tell(job);
    await wait(EVERY);
  }
}
