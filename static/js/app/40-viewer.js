// The viewer: the neighbours are fetched ahead, a swipe turns the page, and Back is the list as it was left.
const viewer = () => $("#viewer");

function prepare() {
  const page = viewer();
  if (!page) return;
  sessionStorage.setItem("photo", page.dataset.id);
  for (const step of $$(".step[data-preview]", page)) {
    if (step.dataset.preview) new Image().src = step.dataset.preview;
  }
}

document.addEventListener("click", (event) => {
  const tile = event.target.closest(".tile");
  if (tile) sessionStorage.setItem("list", location.pathname + location.search);
  const back = event.target.closest("[data-viewer-back]");
  // The list is one step behind when the photo was opened from it; turning pages adds no steps.
  if (back && sessionStorage.getItem("list") && document.referrer && history.length > 1 &&
      new URL(document.referrer).pathname + new URL(document.referrer).search === sessionStorage.getItem("list")) {
    event.preventDefault();
    history.back();
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "viewer" && event.detail.elt?.id !== "viewer") return;
  prepare();
  announce($("#viewer h1")?.textContent ?? "");
});

// Coming back to the list: the photo that was seen last is in view and has the focus.
addEventListener("pageshow", (event) => {
  const seen = sessionStorage.getItem("photo");
  if (viewer() || !seen) return;
  sessionStorage.removeItem("photo");
  const back = event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const tile = back && document.getElementById("m-" + seen);
  if (!tile) return;
  tile.focus({ preventScroll: true });
  tile.scrollIntoView({ block: "nearest" });
});

// Throwing a photo away shows the next one, in the same step of history.
document.addEventListener("submit", async (event) => {
  const next = $("#step-next") ?? $("#step-prev");
  if (!event.target.matches("[data-trash-form]") || !next) return;
  event.preventDefault();
  if ("going" in event.target.dataset) return;
  event.target.dataset.going = "";
  const part = await fragment(event.target.action, Object.fromEntries(new FormData(event.target)));
  if (!part) return location.reload();
  take(part);
  next.click();
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-favourite-form]")) return;
  event.preventDefault();
  const button = $("button", form);
  const on = button.value === "1";
  const show = (state) => {
    button.setAttribute("aria-pressed", state);
    button.value = state ? "0" : "1";
  };
  show(on);
  const part = await fragment(form.action, { on: on ? "1" : "0", back: location.pathname + location.search });
  if (part) take(part);
  else show(!on);
});

let touch = null;
document.addEventListener("touchstart", (event) => {
  const one = event.touches.length === 1 && event.target.closest(".viewer-stage") && (window.visualViewport?.scale ?? 1) === 1;
  touch = one ? { x: event.touches[0].clientX, y: event.touches[0].clientY } : null;
}, { passive: true });

document.addEventListener("touchend", (event) => {
  if (!touch) return;
  const dx = event.changedTouches[0].clientX - touch.x;
  const dy = event.changedTouches[0].clientY - touch.y;
  touch = null;
  if (Math.abs(dx) < 48 || Math.abs(dx) < 1.5 * Math.abs(dy)) return;
  $(dx * rtl < 0 ? "#step-next" : "#step-prev")?.click();
}, { passive: true });

prepare();
