"use strict";
// Nothing here is needed: pages and forms work without it.
for (const hint of document.querySelectorAll("[data-live]")) hint.hidden = false;

// A reply that was being written must not vanish with the page.
let sending = null;
addEventListener("beforeunload", (event) => {
  const unsent = [...document.querySelectorAll("textarea:not([readonly])")].some(
    (box) => box.form !== sending && box.value.trim() !== "",
  );
  if (unsent) event.preventDefault();
});

// A second press on a slow line must not send twice.
addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.hasAttribute("hx-post")) return;
  sending = event.target;
  for (const button of event.target.querySelectorAll("button")) button.disabled = true;
  setTimeout(() => {
    sending = null;
    for (const button of event.target.querySelectorAll("button")) button.disabled = false;
  }, 8000);
});

const offline = document.getElementById("offline");
const say = (words) => {
  offline.textContent = words;
  offline.hidden = words === "";
};
addEventListener("htmx:sendError", () => say("连不上服务器，页面暂时没有更新。正在重试。"));
addEventListener("htmx:responseError", (event) => {
  const polled = event.detail.requestConfig.verb === "get";
  say(
    polled
      ? "自动更新没有成功，请刷新页面。"
      : "备注没有保存：页面可能已过期。请复制您写的内容，刷新页面后再试。",
  );
});
addEventListener("htmx:afterOnLoad", (event) => {
  if (event.detail.successful) say("");
});

// Changes are announced; what changed is fetched by the page as ever.
const main = document.querySelector("[data-live-from]");
if (main && window.EventSource) {
  const source = new EventSource(main.dataset.liveFrom);
  source.addEventListener("changed", (event) => {
    const waiting = document.getElementById("notice-count");
    const count = JSON.parse(event.data).notices;
    waiting.textContent = count;
    waiting.classList.toggle("some", count > 0);
    for (const id of ["queue", "conversation"]) {
      const part = document.getElementById(id);
      if (part) htmx.trigger(part, "live");
    }
  });
  source.addEventListener("ended", () => source.close());
  addEventListener("pagehide", () => source.close());
}

// Who else is here; what was written so far is kept on the server.
const presence = document.querySelector("[data-presence]");
if (presence) {
  let typed = false;
  const tell = async () => {
    const body = new URLSearchParams({ token: presence.dataset.token, typing: typed ? "1" : "0" });
    for (const kind of ["reply", "note"]) {
      const box = document.getElementById(`${kind}-text`);
      if (box && sending === null) body.set(kind, box.value);
    }
    typed = false;
    try {
      const answer = await fetch(presence.dataset.presence, { method: "POST", body });
      if (answer.status === 200) presence.innerHTML = await answer.text();
    } catch { /* the next call says more */ }
  };
  let soon = 0;
  document.addEventListener("input", (event) => {
    if (!["reply-text", "note-text"].includes(event.target.id)) return;
    typed = true;
    clearTimeout(soon);
    soon = setTimeout(tell, 1500);
  });
  tell();
  setInterval(tell, 12000);
}

// Canned replies and articles go where the cursor is.
const insert = (words) => {
  const box = document.getElementById("reply-text");
  if (!box) return say("认领后才能写回复。");
  const before = box.value.slice(0, box.selectionStart).replace(/(^|\n)\/[^\n]*$/, "$1");
  box.value = before + words + box.value.slice(box.selectionEnd);
  box.focus();
  box.selectionStart = box.selectionEnd = before.length + words.length;
  box.dispatchEvent(new Event("input", { bubbles: true }));
};
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  insert(button.dataset.insert);
  button.closest("details#canned")?.removeAttribute("open");
});
document.addEventListener("input", (event) => {
  const picker = document.getElementById("canned");
  if (event.target.id !== "reply-text" || !picker) return;
  const line = event.target.value.slice(0, event.target.selectionStart).split("\n").pop();
  picker.open = line.startsWith("/");
  for (const button of picker.querySelectorAll("[data-insert]")) {
    button.parentElement.hidden = picker.open && !button.textContent.includes(line.slice(1));
  }
});

// What was typed into a password field may be looked at.
for (const field of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? "隐藏密码" : "显示密码";
  };
  button.addEventListener("click", () => show(field.type === "password"));
  field.form.addEventListener("submit", () => show(false));
  show(false);
  field.after(button);
}

// Keys, for people who do this all day.
let picked = -1;
const pick = (step) => {
  const rows = [...document.querySelectorAll(".queue tbody tr")];
  if (!rows.length) return;
  rows[picked]?.classList.remove("picked");
  picked = Math.min(Math.max(picked + step, 0), rows.length - 1);
  rows[picked].classList.add("picked");
  rows[picked].querySelector("a").focus();
};
const focus = (id) => document.getElementById(id)?.focus();
const keys = {
  j: () => pick(1),
  k: () => pick(-1),
  "/": () => focus("search"),
  c: () => document.querySelector("form[action$='/claim'] button")?.click(),
  r: () => focus("reply-text"),
  n: () => focus("note-text"),
  s: () => focus("article-search"),
  q: () => document.querySelector(".brand").click(),
  "?": () => document.getElementById("keys")?.showModal(),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
