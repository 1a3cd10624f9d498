// Passkeys: the browser asks the device, the server decides. Where a browser has none, the buttons stay away.
const place = document.querySelector("[data-passkey]");
const can = Boolean(window.PublicKeyCredential && navigator.credentials?.create);
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// post sends and takes JSON. What the server refuses is thrown as a Refusal, whose message is for people.
class Refusal extends Error {}
async function post(url, body) {
  const answer = await fetch(url, {
    method: "POST", body: JSON.stringify(body), credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
  });
  const said = await answer.json();
  if (answer.ok) return said;
  const wrong = said.errors?.[0];
  const refusal = new Refusal(wrong?.message ?? said.detail);
  refusal.field = wrong?.location.replace("body.", "");
  throw refusal;
}

// asked is what the device is to do, as the browser wants it.
function asked({ publicKey }) {
  const o = structuredClone(publicKey);
  o.challenge = bytes(o.challenge);
  if (o.user) o.user.id = bytes(o.user.id);
  for (const key of [...o.allowCredentials ?? [], ...o.excludeCredentials ?? []]) key.id = bytes(key.id);
  return o;
}

// made is what the device did, as the server wants it. Nothing was asked of extensions, so nothing of them is told.
function made(key) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (key.response[part]) response[part] = text(key.response[part]);
  }
  if (key.response.getTransports) response.transports = key.response.getTransports();
  return { id: key.id, rawId: text(key.rawId), type: key.type, authenticatorAttachment: key.authenticatorAttachment ?? undefined, clientExtensionResults: {}, response };
}

// say shows what went wrong; "" takes it away.
function say(sentence) {
  const line = document.createElement("p");
  line.className = "wrong";
  line.textContent = sentence;
  place.querySelector("[data-passkey-said]").replaceChildren(...sentence ? [line] : []);
}

function explain(error) {
  if (error instanceof Refusal) return say(error.message);
  say(place.dataset[{ NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known" }[error.name] ?? "failed"]);
}

// busy keeps the button from being pressed while something is done.
async function busy(button, work) {
  say("");
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    explain(error);
    return error;
  } finally {
    button.disabled = false;
  }
}

// A key that is used: by the button, and offered by the browser in the field of the address.
let waiting;
async function use(conditional) {
  waiting?.abort();
  const control = waiting = new AbortController();
  const options = asked(await post(place.dataset.begin, {}));
  control.signal.throwIfAborted();
  const key = await navigator.credentials.get({ publicKey: options, signal: control.signal, ...conditional && { mediation: "conditional" } });
  control.answered = true;
  const form = document.querySelector('form[action="/login"]');
  const { next } = await post(place.dataset.finish, {
    credential: made(key), remember: Boolean(form?.elements.remember?.checked), next: form?.elements.next?.value ?? "",
  });
  location.assign(next);
}

async function offer() {
  const field = document.querySelector('[autocomplete~="webauthn"]');
  if (!field || !await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
  const life = 8 * 60_000; // less than the server waits
  let since = Date.now();
  field.addEventListener("focus", () => { if (Date.now() - since > life) arm(); });
  function arm() {
    since = Date.now();
    use(true).catch((error) => { // what was not chosen needs no words
      if (!waiting.answered) return;
      explain(error);
      arm();
    });
  }
  arm();
  return arm;
}

function start() {
  if (!can) {
    for (const line of document.querySelectorAll("[data-passkey-none]")) line.hidden = false;
    return;
  }
  place.hidden = false;
  if (place.dataset.passkey === "add") return adding(place.querySelector("form"));
  const armed = offer();
  const button = place.querySelector("button");
  button.addEventListener("click", async () => {
    if (await busy(button, () => use(false))) (await armed)?.();
  });
}

// A key that is made. The proof is asked for once, however often the device says no.
function adding(form) {
  let begun, proof;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const field of form.elements) field.removeAttribute("aria-invalid");
    busy(form.querySelector("button"), async () => {
      const fields = Object.fromEntries(new FormData(form));
      if (!begun || proof !== JSON.stringify(fields)) begun = await post(place.dataset.begin, fields);
      proof = JSON.stringify(fields);
      const key = await navigator.credentials.create({ publicKey: asked(begun) });
      begun = null;
      const { next } = await post(place.dataset.finish, { credential: made(key) });
      location.assign(next);
    }).then((error) => {
      const field = error?.field && form.elements[error.field];
      if (!field) return;
      field.setAttribute("aria-invalid", "true");
      field.focus();
    });
  });
}

if (place) start();
