// Ordering an album by hand: what the eye sees moves at once, the server follows.
const arranging = () => $("[data-arrange]");
let placing = Promise.resolve();

function place(item, fields) {
  const list = arranging();
  announce(list.dataset.moved.replace("{n}", [...list.children].indexOf(item) + 1));
  placing = placing.then(async () => {
    const answer = await fetch(list.dataset.arrange, {
      method: "POST", body: new URLSearchParams({ item: item.dataset.id, ...fields }), headers: { "HX-Request": "true" }, credentials: "same-origin",
    }).catch(() => null);
    if (!answer?.ok) location.reload();
  });
}

// putBefore moves the item before another one of the page, behind the last where there is none.
function putBefore(item, next) {
  if (next === item || item.nextElementSibling === next) return;
  const list = arranging(), step = next ? { before: next.dataset.id } : { step: "later" };
  const last = list.lastElementChild;
  if (!next && last !== item) {
    // The end of the page need not be the end of the album.
    list.append(item);
    place(item, { before: last.dataset.id });
    place(item, step);
    return;
  }
  list.insertBefore(item, next);
  place(item, step);
}

document.addEventListener("keydown", (event) => {
  const item = event.shiftKey && event.target.closest("[data-arrange] > li");
  if (!item) return;
  const back = { ArrowLeft: rtl > 0, ArrowRight: rtl < 0, ArrowUp: true, ArrowDown: false }[event.key];
  if (back === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  let to = back ? item.previousElementSibling : item.nextElementSibling;
  if (event.key === "ArrowUp" || event.key === "ArrowDown") to = across([...arranging().children], item, back ? -1 : 1);
  if (!to) return;
  putBefore(item, back ? to : to.nextElementSibling);
  $("a", item).focus();
  item.scrollIntoView({ block: "nearest" });
}, true);

let dragged = null;
const mark = (item) => {
  for (const other of $$("[data-arrange] > .is-target")) other.classList.toggle("is-target", other === item);
  item?.classList.add("is-target");
};
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-arrange] > li");
  event.dataTransfer?.setData("text/plain", ""); // Firefox drags nothing without
  dragged?.classList.add("is-dragged");
});
document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest("[data-arrange] > li");
  if (!over) return;
  event.preventDefault();
  mark(over);
});
document.addEventListener("drop", (event) => {
  const over = dragged && event.target.closest("[data-arrange] > li");
  if (!over) return;
  event.preventDefault();
  const items = [...arranging().children];
  putBefore(dragged, items.indexOf(dragged) < items.indexOf(over) ? over.nextElementSibling : over);
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  mark(null);
  dragged = null;
});
