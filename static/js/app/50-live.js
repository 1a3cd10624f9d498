// Photos appear on the open timeline as they become ready. The stream carries ids only; the page asks for what it may see.
const days = $("#days[data-events]");
const pill = $("#arrivals");
let stream, stale = days && "newest" in days.dataset, waiting = new Set(), timer = 0, arrived = 0;

function listen() {
  if (!days || stream) return;
  stream = new EventSource(days.dataset.events);
  stream.addEventListener("media", (event) => {
    const { id, kind } = JSON.parse(event.data);
    if (kind === "embedded") return; // nothing that a tile shows
    waiting.add(id);
    timer ||= setTimeout(fetchArrivals, 400);
  });
  stream.addEventListener("resync", () => refresh(location.href));
  // What became ready before the stream was open, be it the first time or again, was not told.
  stream.onopen = () => {
    if (stale) refresh(location.href);
    stale = false;
  };
  stream.onerror = () => { stale = true; };
}

function deaf() {
  stream?.close();
  stream = null;
}

async function fetchArrivals() {
  timer = 0;
  const ids = [...waiting].slice(0, 100);
  for (const id of ids) waiting.delete(id);
  await refreshItems(ids, ids);
  if (waiting.size) timer ||= setTimeout(fetchArrivals, 400);
}

const refreshItems = (ids, asked) => refresh(days.dataset.items + (days.dataset.items.includes("?") ? "&" : "?") + "ids=" + ids.join(","), asked);

// refresh merges the days of an answer into the page. Photos that were asked for and are not in it have left the timeline.
// An answer from before an act would take the act's mark away again: it is asked for anew.
async function refresh(url, asked = []) {
  let part, before;
  do {
    before = deeds;
    part = await fragment(url);
  } while (before !== deeds);
  if (!part || !days.isConnected) return;
  for (const id of asked) {
    const tile = !part.getElementById("m-" + id) && document.getElementById("m-" + id);
    if (tile) takeAway(tile);
  }
  let fresh = 0;
  for (const day of $$("[data-day]", part)) fresh += merge(day);
  if (!fresh) return;
  $(".timeline .empty")?.remove();
  arrived += fresh;
  if (scrollY > innerHeight / 2) {
    $("[data-text]", pill).textContent = arrived === 1 ? pill.dataset.one : pill.dataset.other.replace("2", arrived);
    pill.hidden = false;
    announce($("[data-text]", pill).textContent);
  }
}

// merge puts a day's photos where they belong and tells how many were new. Days beyond the loaded ends stay out.
function merge(day) {
  const here = $$("#days > [data-day]");
  let section = here.find((other) => other.dataset.day === day.dataset.day);
  if (!section) {
    const after = here.find((other) => other.dataset.day < day.dataset.day);
    const first = here[0];
    if (first && after === first && !("newest" in days.dataset)) return 0;
    if (first && !after && !("oldest" in days.dataset) && $("#days > [data-pager] a")) return 0;
    section = document.importNode(day, true);
    const count = $$(".tile", section).map((tile) => tile.classList.add("is-new")).length;
    (after ?? $("#days > [data-pager]")).before(section);
    return count;
  }
  let fresh = 0;
  for (const tile of $$(".tile", day)) {
    const old = document.getElementById(tile.id);
    const newer = document.importNode(tile, true);
    if (old) {
      if (old.outerHTML !== newer.outerHTML) {
        const focused = old === document.activeElement;
        if ($(".tile-card", old)) newer.classList.add("is-new");
        old.replaceWith(newer);
        if (focused) newer.focus();
      }
      continue;
    }
    newer.classList.add("is-new");
    const next = $$(".tile", section).find((other) => other.dataset.at < newer.dataset.at);
    if (next) next.before(newer);
    else $("[data-grid]", section).append(newer);
    fresh++;
  }
  if (fresh) recount(section);
  return fresh;
}

// recount keeps the number in a day's heading right; a day that is not all on the page has none.
function recount(day) {
  const count = $(".day-count", day), n = $$(".tile", day).length, { one, other } = $("#days").dataset;
  if (count) count.textContent = n === 1 ? one : other.replace("2", n.toLocaleString(document.documentElement.lang));
}

pill?.addEventListener("click", () => {
  pill.hidden = true;
  arrived = 0;
  const first = $(".tile.is-new");
  first?.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
  first?.focus({ preventScroll: true });
});
addEventListener("scroll", () => {
  if (pill && scrollY < 100) {
    pill.hidden = true;
    arrived = 0;
  }
}, { passive: true });

// An open stream would keep the page out of the back/forward cache.
addEventListener("pagehide", deaf);
addEventListener("pageshow", (event) => {
  listen();
  if (event.persisted && days) refresh(location.href);
});
