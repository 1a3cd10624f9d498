// Files may be dropped on every page. The upload page then comes into this one's place, because what was dropped, a folder
// above all, can only be read by the document that it was dropped on.
const elsewhere = (event) => event.dataTransfer?.types.includes("Files") && !$("[data-drop]") && $('[data-go="u"]');

addEventListener("dragover", (event) => { if (elsewhere(event)) event.preventDefault(); });
addEventListener("drop", async (event) => {
  const link = elsewhere(event);
  if (!link) return;
  event.preventDefault();
  const dropped = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const answer = await fetch(link.href, { credentials: "same-origin" }).catch(() => null);
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const script = page && $('script[src*="/upload."]', page);
  if (!script) return location.assign(link.href);
  deaf();
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
  history.pushState(null, "", link.href);
  addEventListener("popstate", () => location.reload());
  await import(script.getAttribute("src"));
  document.dispatchEvent(new CustomEvent("dropped", { detail: dropped }));
});
