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
