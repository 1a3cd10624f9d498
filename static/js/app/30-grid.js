// Among photos: arrows move the focus as the eye would, row by row.
const tiles = () => $$("[data-list] .tile");

function inGrid(key, target) {
  const list = $("[data-list]");
  if (!list) return false;
  const here = target.closest?.(".tile");
  const move = { ArrowLeft: -1, k: -1, ArrowRight: 1, j: 1 }[key];
  if (move || key === "ArrowUp" || key === "ArrowDown") {
    if (!here && key.startsWith("Arrow") && target !== document.body && target.id !== "main") return false;
    const all = tiles();
    const next = here ? (move ? all[all.indexOf(here) + move] : across(all, here, key === "ArrowDown" ? 1 : -1)) : firstSeen(all);
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    return next || here;
  }
  if (!here) return false;
  const wanted = { f: "favouriteUrl", "#": "trashUrl", d: "originalUrl", a: "albumUrl" }[key];
  if (!list.dataset[wanted]) return false; // not on this page, or not for a visitor
  const url = (name) => list.dataset[name].replace("{id}", here.dataset.id);
  if (key === "f") favourite(here, url("favouriteUrl"));
  else if (key === "#") trash(here, url("trashUrl"));
  else if (key === "d") download(url("originalUrl"));
  else location.assign(url("albumUrl") + "?back=" + encodeURIComponent(location.pathname + location.search + "#" + here.id));
  return true;
}

const rtl = getComputedStyle(document.documentElement).direction === "rtl" ? -1 : 1;

// across finds the photo of the next row in that direction whose middle is nearest.
function across(all, here, step) {
  const from = here.getBoundingClientRect();
  const middle = from.left + from.width / 2;
  let best, distance = Infinity, row;
  for (let i = all.indexOf(here) + step; all[i]; i += step) {
    const box = all[i].getBoundingClientRect();
    if (row === undefined) {
      if (step > 0 ? box.top < from.bottom - 4 : box.bottom > from.top + 4) continue;
      row = box.top;
    }
    if (Math.abs(box.top - row) > 4) break;
    const off = Math.abs(box.left + box.width / 2 - middle);
    if (off < distance) [best, distance] = [all[i], off];
  }
  return best;
}

const firstSeen = (all) => all.find((tile) => tile.getBoundingClientRect().top >= 0) ?? all.at(-1);

function download(url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}

// act posts what a key asked for and shows the receipt; false when it failed.
let acting = Promise.resolve();
let deeds = 0; // grows when an act begins and when it is done: what was read meanwhile may be older
const acted = new Map(); // the photos, by the addresses that undo

function act(id, url, fields) {
  return acting = acting.then(async () => {
    deeds++;
    const part = await fragment(url, { ...fields, back: location.pathname + location.search });
    deeds++;
    if (!part) return location.reload();
    take(part);
    const form = $("[data-undo]");
    if (form) acted.set(form.action, id);
    return true;
  });
}

// now is the photo's tile after what arrived meanwhile.
const now = (tile) => document.getElementById(tile.id) ?? tile;

async function favourite(tile, url) {
  const on = !("favourite" in tile.dataset);
  if (await act(tile.dataset.id, url, { on: on ? "1" : "0" })) now(tile).toggleAttribute("data-favourite", on);
}

async function trash(tile, url) {
  if ("going" in tile.dataset) return;
  tile.dataset.going = "";
  if (!await act(tile.dataset.id, url, {})) return;
  tile = now(tile);
  const all = tiles();
  const i = all.indexOf(tile);
  if (tile === document.activeElement) (all[i + 1] ?? all[i - 1])?.focus();
  takeAway(tile);
}

function takeAway(tile) {
  const day = tile.closest("[data-day]");
  (tile.closest(".hit") ?? tile).remove();
  if (!day) return;
  if ($(".tile", day)) recount(day);
  else day.remove();
}

// Undoing on the timeline puts the photo back in its place; elsewhere the form does it and comes back here.
async function takeBack() {
  const form = $("[data-undo]");
  const id = form && acted.get(form.action);
  if (!id || !days) return form?.requestSubmit();
  acted.delete(form.action);
  const part = await fragment(form.action, Object.fromEntries(new FormData(form)));
  if (!part) return location.reload();
  take(part);
  await refreshItems([id]);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-undo]") || !days || !acted.has(event.target.action)) return;
  event.preventDefault();
  undo();
});
