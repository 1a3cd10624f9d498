// All files of this folder are one module. The pages work without it; it adds the instant parts.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// announce says a sentence to screen readers.
function announce(text) {
  const live = $("#live");
  live.textContent = "";
  setTimeout(() => { live.textContent = text; }, 50);
}

// fragment asks for a part of a page, or posts fields and takes the part that answers; null when that failed.
async function fragment(url, fields) {
  try {
    const answer = await fetch(url, {
      method: fields ? "POST" : "GET",
      body: fields && new URLSearchParams(fields),
      headers: { "HX-Request": "true", Accept: "text/html" },
      credentials: "same-origin",
    });
    if (!answer.ok || answer.redirected && new URL(answer.url).pathname === "/login") return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

// take shows the receipt that came with a fragment.
function take(part) {
  const receipt = $("#receipt", part);
  if (!receipt) return;
  receipt.removeAttribute("hx-swap-oob");
  $("#receipt").replaceWith(document.adoptNode(receipt));
  told();
}

// told announces the receipt on the page.
function told() {
  const text = $("[data-receipt-text]");
  if (text) announce(text.textContent);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-dismiss], [data-copy]");
  if (!target) return;
  if (target.dataset.dismiss) $("#" + target.dataset.dismiss).replaceChildren();
  if (target.dataset.copy) {
    const source = $(target.dataset.copy);
    source.select();
    navigator.clipboard?.writeText(source.value).then(() => {
      target.textContent = target.dataset.done;
      announce(target.dataset.done);
    }, () => {});
  }
});

// What unfolds over the page folds again by Escape, or by a click beside it.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && $("details.confirm[open]");
  if (!open) return;
  open.open = false;
  $("summary", open).focus();
  event.stopImmediatePropagation();
});
document.addEventListener("click", (event) => {
  for (const open of $$("details.confirm[open]")) if (!open.contains(event.target)) open.open = false;
});

// The appearance changes at once; the form remembers it on the server.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-theme-form]") || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $('meta[name="color-scheme"]').content = theme === "system" ? "light dark" : theme;
  for (const button of $$("[data-theme-form] button")) button.setAttribute("aria-pressed", button.value === theme);
  await fragment(form.action, { theme, back: location.pathname + location.search });
});

// A form that is on its way is not sent again by a second click. What acts on a form in place has prevented its sending.
addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if ("sent" in form.dataset) return event.preventDefault();
  form.dataset.sent = "";
  setTimeout(() => delete form.dataset.sent, 3000);
});

// Signing out empties the site's storage: a page of photos that the browser brings back without its mark is not shown again.
const kept = { get: () => { try { return localStorage.getItem("in"); } catch { return "1"; } }, set: (value) => { try { value ? localStorage.setItem("in", value) : localStorage.removeItem("in"); } catch { /* no storage, no mark */ } } };
const ours = () => $("[data-go]");
if (ours()) kept.set("1");
addEventListener("submit", (event) => { if (event.target.matches('form[action="/logout"]')) kept.set(""); });
addEventListener("pageshow", (event) => {
  for (const form of $$("form[data-sent]")) delete form.dataset.sent;
  if (!event.persisted || !ours() || kept.get()) return;
  document.body.hidden = true;
  location.reload();
});

// A filter that changes shows its results at once.
document.addEventListener("change", (event) => {
  if (event.target.matches('[data-filters] input[type="radio"]')) event.target.form.requestSubmit();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt?.id === "receipt" || event.detail.target?.id === "viewer") told();
});

// A page of days may begin in the middle of one: its photos join the day that is already there.
document.addEventListener("htmx:afterSwap", () => {
  for (const part of $$(".day.is-continued")) {
    const before = part.previousElementSibling;
    if (!before?.matches(".day") || before.dataset.day !== part.dataset.day) continue;
    $("[data-grid]", before).append(...$$(".tile", part));
    part.remove();
  }
});

// The link at the end of a list loads the next page before it is reached.
const ahead = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    ahead.unobserve(target);
    target.click();
  }
}, { rootMargin: "1200px" });
const watch = () => $$("a[data-ahead]").forEach((link) => ahead.observe(link));
document.addEventListener("htmx:afterSettle", watch);
if (document.readyState === "complete") watch();
else addEventListener("load", watch);

told();
