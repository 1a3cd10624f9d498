// Keys: an element with data-key is clicked by it, data-key-focus is focused, data-go follows "g".
let sequence = "";

const typing = (element) => element.closest("input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(target)) {
    if (key === "Escape") target.blur();
    return;
  }
  if ($("dialog[open]")) return;
  const used = sequence === "g" ? go(key) : press(key, target);
  sequence = !used && key === "g" && sequence === "" ? "g" : "";
  if (used) event.preventDefault();
});

function go(key) {
  const link = $(`[data-go="${CSS.escape(key)}"]`);
  link?.click();
  return link;
}

function press(key, target) {
  if (key === "?") return showKeys();
  if (key === "u") return undo();
  const box = $(`[data-key-focus="${CSS.escape(key)}"]`);
  if (box) {
    box.focus();
    box.select();
    return true;
  }
  // A focused control keeps the keys that it needs itself.
  if (key.startsWith("Arrow") && target.closest("[type=radio], summary, .table-scroll, .info")) return false;
  const control = $(`[data-key="${CSS.escape(key)}"]`);
  if (control) {
    control.click();
    return true;
  }
  return inGrid(key, target);
}

async function showKeys() {
  const dialog = $("#keys");
  if (!dialog.hasChildNodes()) {
    const part = await fragment(dialog.dataset.load);
    if (!part) return location.assign(dialog.dataset.load);
    dialog.replaceChildren(...part.body.childNodes);
  }
  dialog.showModal();
}

// What is on its way comes first, so that each "u" takes back one act.
function undo() {
  acting = acting.then(takeBack);
  return true;
}

document.addEventListener("click", (event) => {
  if (event.target.matches("dialog.sheet")) event.target.close();
});
