// Uploads: a small tus 1.0 client. Every file is created, sent from its offset on, and resumed where it stopped,
// even after the page was closed (the address of an unfinished upload is kept in localStorage).
const form = document.getElementById("upload");
const $ = (selector, root = document) => root.querySelector(selector);
const section = $("#uploads");
const words = $("#upload-texts").dataset;
const endpoint = form.dataset.tus;
const limit = Number(form.dataset.max);
const PARALLEL = 3;
const PART = 16 * 1024 * 1024;
const items = [];
let paused = false;

const say = (text, n, m, size) => text.replace("{n}", n).replace("{m}", m).replace("{size}", size);
const bytes = (n) => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let i = 0;
  for (; n >= 999.5 && i < 4; i++) n /= 1000;
  return new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: i && n < 10 ? 1 : 0 }).format(n) + "\u00a0" + units[i];
};
const chosen = () => form.elements.album_id?.value ?? "";
const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const fromBase64 = (text) => new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

function add(files) {
  for (const file of files) {
    const row = $("#upload-row").content.firstElementChild.cloneNode(true);
    const album = chosen();
    const item = { file, row, album, offset: 0, tries: 0, state: "waiting", key: ["tus", endpoint, ...(album ? [album] : []), file.webkitRelativePath || file.name, file.size, file.lastModified].join(":") };
    items.push(item);
    $("[data-name]", row).textContent = file.name;
    if (items.length <= 60 && /^image\/(jpeg|png|webp|gif|avif)$/.test(file.type)) {
      const image = $("img", row);
      image.src = URL.createObjectURL(file);
      image.onload = () => { URL.revokeObjectURL(image.src); image.hidden = false; $(".upload-blank", row).hidden = true; };
    }
    $("[data-cancel]", row).onclick = () => cancel(item);
    $("[data-retry]", row).onclick = () => { item.tries = 0; show(item, "waiting"); next(); };
    $("[data-rows]").append(row);
    if (limit && file.size > limit) show(item, "refused", say(words.large, "", bytes(limit)));
    else show(item, "waiting");
  }
  section.hidden = false;
  if (files.length) section.scrollIntoView({ block: "nearest" });
  next();
}

function show(item, state, text) {
  const { row } = item;
  item.state = row.dataset.state = state;
  $("[data-status]", row).textContent = text || (state === "sending" ? say(words.sending, bytes(item.offset), bytes(item.file.size)) : words[state]);
  $("progress", row).value = item.file.size ? item.offset / item.file.size : 1;
  $("[data-cancel]", row).hidden = !busy(item) && state !== "paused";
  $("[data-retry]", row).hidden = state !== "refused" || !item.retryable;
  total();
}

const busy = (item) => ["waiting", "sending", "checking", "offline"].includes(item.state);
const count = (state) => items.filter((item) => item.state === state).length;

function total() {
  const open = items.filter((item) => busy(item) || item.state === "paused");
  const size = items.reduce((sum, item) => sum + item.file.size, 0);
  const left = open.reduce((sum, item) => sum + item.file.size - item.offset, 0);
  const done = items.length - open.length;
  $("[data-total-bar]").value = size ? 1 - left / size : 1;
  const text = open.length ? say(words.total, done, items.length, bytes(left)) : say(words.finished, count("created"), count("duplicate") + count("restored"), count("refused"));
  $("[data-total-text]").textContent = text;
  $("[data-pause]").hidden = !open.length;
  $("[data-done]").hidden = open.length > 0;
  onbeforeunload = open.length ? (event) => event.preventDefault() : null;
  if (!open.length) $("#live").textContent = text;
}

function next() {
  if (paused) return;
  const running = items.filter((item) => item.running);
  for (const item of items) {
    if (running.length >= PARALLEL) return;
    // A file that was chosen twice would go on with the upload of the first: it waits for it instead.
    if (item.state !== "waiting" || item.running || twin(item, running)) continue;
    item.running = true;
    running.push(item);
    send(item).finally(() => { item.running = false; next(); });
  }
}

const twin = (item, among) => among.some((other) => other !== item && other.running && other.key === item.key);

// send brings one file home, trying again for as long as only the connection is at fault.
async function send(item) {
  while (item.state !== "cancelled" && !paused) {
    try {
      show(item, "sending");
      if (await attempt(item)) return;
    } catch (problem) {
      if (item.state === "cancelled" || paused) return;
      if (problem.refused) {
        item.retryable = problem.retryable;
        if (!item.retryable) localStorage.removeItem(item.key); // else it goes on from there, once signed in again
        return show(item, "refused", problem.message);
      }
      show(item, "offline");
      await new Promise((wake) => setTimeout(wake, Math.min(30000, 1000 * 2 ** item.tries++)));
    }
  }
}

// attempt goes through the protocol once; true when the server has said what became of the file.
async function attempt(item) {
  item.url = localStorage.getItem(item.key);
  if (item.url) {
    const head = await request(item, "HEAD", item.url);
    if (head.status === 200) item.offset = Number(head.header("Upload-Offset"));
    else if (head.status >= 500 || head.status === 423) throw new Error("head");
    else if (head.status === 401 || head.status === 403) { // HEAD has no words for it
      const told = await request(item, "PATCH", item.url, null, { "Upload-Offset": 0, "Content-Type": "application/offset+octet-stream" });
      if (told.status === head.status) fail(told);
      throw new Error("head");
    } else item.url = null;
    if (item.url && settled(item, head)) return true;
  }
  if (!item.url) {
    item.offset = 0;
    const { file } = item;
    const meta = { filename: file.name, filetype: file.type, lastModified: String(file.lastModified), ...(item.album && { album_id: item.album }) };
    const made = await request(item, "POST", endpoint, null, {
      "Upload-Length": file.size,
      "Upload-Metadata": Object.entries(meta).map(([name, value]) => name + " " + base64(value)).join(","),
    });
    if (made.status !== 201) fail(made);
    if (settled(item, made)) return true;
    item.url = new URL(made.header("Location"), location.href).pathname;
    localStorage.setItem(item.key, item.url);
  }
  for (;;) {
    const part = item.file.slice(item.offset, item.offset + PART);
    const sent = await request(item, "PATCH", item.url, part, { "Upload-Offset": item.offset, "Content-Type": "application/offset+octet-stream" });
    if (sent.status === 409 || sent.status === 423) throw new Error("offset");
    if (sent.status === 404 || sent.status === 410) { localStorage.removeItem(item.key); throw new Error("gone"); }
    if (sent.status >= 300) fail(sent);
    item.offset = Number(sent.header("Upload-Offset"));
    item.tries = 0;
    if (settled(item, sent)) return true;
    if (item.offset >= item.file.size) throw new Error("no result");
    show(item, "sending");
  }
}

// settled reads the outcome that comes with the last byte.
function settled(item, answer) {
  const header = answer.header("Albumen-Result");
  if (!header) return false;
  const result = JSON.parse(fromBase64(header));
  localStorage.removeItem(item.key);
  item.offset = item.file.size;
  if (result.url) {
    const link = $("[data-link]", item.row);
    link.href = result.url;
    link.hidden = false;
  }
  show(item, result.outcome, result.message);
  return true;
}

// fail throws what a refusal says; only server trouble is worth another try.
function fail(answer) {
  if (answer.status >= 500 || answer.status === 0 || answer.status === 429) throw new Error("later");
  let detail = "";
  try { detail = JSON.parse(answer.body).detail; } catch { /* the answer is no problem document */ }
  throw Object.assign(new Error(detail || words.refused), { refused: true, retryable: answer.status === 401 || answer.status === 403 });
}

function request(item, method, url, body, headers) {
  return new Promise((resolve, reject) => {
    const xhr = item.xhr = new XMLHttpRequest();
    const from = item.offset;
    xhr.open(method, url);
    xhr.setRequestHeader("Tus-Resumable", "1.0.0");
    for (const [name, value] of Object.entries(headers ?? {})) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => {
      if (!body || item.state !== "sending") return;
      item.offset = from + event.loaded;
      show(item, item.offset >= item.file.size ? "checking" : "sending");
    };
    xhr.onload = () => resolve({ status: xhr.status, body: xhr.responseText, header: (name) => xhr.getResponseHeader(name) });
    xhr.onerror = xhr.onabort = xhr.ontimeout = () => { item.offset = from; reject(new Error("connection")); };
    xhr.send(body ?? null);
  });
}

function cancel(item) {
  show(item, "cancelled");
  item.xhr?.abort();
  if (twin(item, items)) return; // the upload is the other's
  const url = localStorage.getItem(item.key);
  localStorage.removeItem(item.key);
  if (url) request({ file: item.file, offset: 0 }, "DELETE", url).catch(() => {});
}

$("[data-pause]").onclick = ({ currentTarget: button }) => {
  paused = !paused;
  [button.textContent, button.dataset.resumeText] = [button.dataset.resumeText, button.textContent];
  for (const item of items) {
    if (paused && busy(item)) { show(item, "paused"); item.xhr?.abort(); }
    else if (!paused && item.state === "paused") show(item, "waiting");
  }
  next();
};

form.elements.album_id?.addEventListener("change", () => { $("[data-done] a").href = chosen() ? "/albums/" + chosen() : "/timeline"; });
form.addEventListener("submit", (event) => event.preventDefault());
for (const input of form.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => { add([...input.files].filter((file) => !file.name.startsWith("."))); input.value = ""; });
}

addEventListener("paste", (event) => add([...event.clipboardData.files]));
addEventListener("dragover", (event) => { event.preventDefault(); $("[data-drop]").classList.add("is-over"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("[data-drop]").classList.remove("is-over"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  $("[data-drop]").classList.remove("is-over");
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length) take(entries);
  else add([...event.dataTransfer.files]);
});
document.addEventListener("dropped", (event) => take(event.detail)); // on another page, which this one replaced

async function take(entries) {
  add((await Promise.all(entries.map(walk))).flat());
}

// walk reads a dropped file or folder; readEntries gives a hundred at a time.
async function walk(entry) {
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
  const reader = entry.createReader();
  const found = [];
  for (let some; (some = await new Promise((done, failed) => reader.readEntries(done, failed))).length;) found.push(...some);
  return (await Promise.all(found.map(walk))).flat();
}
